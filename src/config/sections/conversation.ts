/** `session`, `messages`, `commands`: how conversations are kept apart and how messages become turns. */
import * as z from 'zod';
import { setting } from '../../domain/setting.ts';
import { group, only } from './field.ts';

const queueMode = z.enum(['collect', 'followup', 'steer', 'interrupt']);

export const sessionSection = group(
  {
    dmScope: setting(z.enum(['per-channel-peer', 'per-account-channel-peer', 'per-peer', 'main']).default('per-channel-peer'), {
      description:
        'Who shares a conversation in direct chats. `per-channel-peer`: one for each person and channel; `per-account-channel-peer`: also for each account; `per-peer`: one for each person; `main`: everybody shares one and reads what the others said.',
    }),
    identityLinks: setting(
      z
        .record(
          z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/),
          setting(
            z.array(
              setting(z.string().regex(/^[a-z][a-z0-9-]*:-?\d{1,20}$/), {
                description: 'One id.',
                expects: 'channel:id, such as "telegram:123"',
              }),
            ),
            { description: 'The ids of one person.' },
          ),
        )
        .default({}),
      {
        description: 'One person under several ids: a name and their ids, so that they have one conversation.',
        expects: 'an object by name; each entry a list of channel:id, such as "telegram:123"',
      },
    ),
  },
  { description: 'How conversations are kept apart.', restart: 'live' },
);

const modeOf = (channel: string) =>
  setting(queueMode.optional(), { description: `The mode of ${channel}.`, defaultText: '`messages.queue.mode`' });

export const messagesSection = (channels: readonly string[]) =>
  group(
    {
      queue: group(
        {
          mode: setting(queueMode.default('collect'), {
            description:
              'What becomes of messages that arrive during a turn. `collect`: one turn for all of them; `followup`: one turn each; `steer`: they join the running turn; `interrupt`: they end it.',
          }),
          byChannel: setting(z.strictObject(Object.fromEntries(channels.map((id) => [id, modeOf(id)]))).prefault({}), {
            description: 'Another mode for a channel.',
          }),
          debounceMs: setting(z.int().min(0).max(60_000).default(0), {
            description: 'Wait this long for more before a collected turn starts.',
          }),
          cap: setting(z.int().min(1).max(1_000).default(20), {
            description: 'Most messages that one collected turn takes; the rest waits for the next.',
          }),
        },
        { description: 'What becomes of messages that arrive during a turn.' },
      ),
      ackReactionScope: setting(z.enum(['off', 'group-mentions', 'group-all', 'direct', 'all']).default('off'), {
        description: 'Which messages get a reaction as soon as they are received, where the channel can react.',
      }),
      ackReaction: setting(z.string().min(1).max(16).default('👀'), { description: 'The reaction.', expects: 'an emoji' }),
    },
    { description: 'How messages become turns.', restart: 'live' },
  );

const neverFromChat = 'A message can never do that, whoever sends it: use the command line on this host.';

export const commandsSection = group(
  {
    native: setting(z.union([z.boolean(), z.literal('auto')]).default('auto'), {
      description: 'Put the chat commands into the platform’s own menu; `auto` does where the channel has one.',
      expects: 'true, false or "auto"',
      restart: 'channel',
    }),
    nativeSkills: setting(z.union([z.literal(false), z.literal('auto')]).default('auto'), {
      description: 'Put skills into the menu too. This version has no skills, so nothing is added.',
      expects: 'false or "auto"',
      because: 'This version has no skills to put there.',
    }),
    config: only(false, { description: 'Change the configuration from a chat.', because: neverFromChat }),
    debug: only(false, { description: 'Change settings of the running process from a chat.', because: neverFromChat }),
    bash: only(false, { description: 'Run commands on the host from a chat.', because: neverFromChat }),
    restart: only(false, { description: 'Restart the gateway from a chat.', because: neverFromChat }),
  },
  { description: 'What people can do with /commands.', restart: 'live' },
);
