/** `session`, `messages`, `commands`: how conversations are kept apart and how messages become turns. */
import * as z from 'zod/mini';
import { setting } from '../../domain/setting.ts';
import { group, only } from './field.ts';

const queueMode = z.enum(['collect', 'followup', 'steer', 'interrupt']);

export const sessionSection = group(
  {
    dmScope: setting(
      z._default(z.enum(['per-channel-peer', 'per-account-channel-peer', 'per-peer', 'main']), 'per-channel-peer'),
      {
        description:
          'Who shares a conversation in direct chats. `per-channel-peer`: one for each person and channel; `per-account-channel-peer`: also for each account; `per-peer`: one for each person; `main`: everybody shares one and reads what the others said.',
      },
    ),
    identityLinks: setting(
      z._default(
        z.record(
          z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/)),
          setting(
            z.array(
              setting(z.string().check(z.regex(/^[a-z][a-z0-9-]*:-?\d{1,20}$/)), {
                description: 'One id.',
                expects: 'channel:id, such as "telegram:123"',
              }),
            ),
            { description: 'The ids of one person.' },
          ),
        ),
        {},
      ),
      {
        description: 'One person under several ids: a name and their ids, so that they have one conversation.',
        expects: 'an object by name; each entry a list of channel:id, such as "telegram:123"',
      },
    ),
  },
  { description: 'How conversations are kept apart.', restart: 'live' },
);

const modeOf = (channel: string) =>
  setting(z.optional(queueMode), { description: `The mode of ${channel}.`, defaultText: '`messages.queue.mode`' });

export const messagesSection = (channels: readonly string[]) =>
  group(
    {
      queue: group(
        {
          mode: setting(z._default(queueMode, 'collect'), {
            description:
              'What becomes of messages that arrive during a turn. `collect`: one turn for all of them; `followup`: one turn each; `steer`: they join the running turn; `interrupt`: they end it.',
          }),
          byChannel: setting(z.prefault(z.strictObject(Object.fromEntries(channels.map((id) => [id, modeOf(id)]))), {}), {
            description: 'Another mode for a channel.',
          }),
          debounceMs: setting(z._default(z.int().check(z.gte(0), z.lte(60_000)), 0), {
            description: 'Wait this long for more before a collected turn starts.',
          }),
          cap: setting(z._default(z.int().check(z.gte(1), z.lte(1_000)), 20), {
            description: 'Most messages that one collected turn takes; the rest waits for the next.',
          }),
        },
        { description: 'What becomes of messages that arrive during a turn.' },
      ),
      ackReactionScope: setting(z._default(z.enum(['off', 'group-mentions', 'group-all', 'direct', 'all']), 'off'), {
        description: 'Which messages get a reaction as soon as they are received, where the channel can react.',
      }),
      ackReaction: setting(z._default(z.string().check(z.minLength(1), z.maxLength(16)), '👀'), {
        description: 'The reaction.',
        expects: 'an emoji',
      }),
    },
    { description: 'How messages become turns.', restart: 'live' },
  );

const neverFromChat = 'A message can never do that, whoever sends it: use the command line on this host.';

export const commandsSection = group(
  {
    native: setting(z._default(z.union([z.boolean(), z.literal('auto')]), 'auto'), {
      description: 'Put the chat commands into the platform’s own menu; `auto` does where the channel has one.',
      expects: 'true, false or "auto"',
      restart: 'channel',
    }),
    nativeSkills: setting(z._default(z.union([z.literal(false), z.literal('auto')]), 'auto'), {
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
