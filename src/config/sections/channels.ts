/** `channels`: who may talk, the same for every channel, and beside it what each channel's own schema brings. */
import * as z from 'zod';
import { setting, type SettingFacts } from '../../domain/setting.ts';
import type { ChannelPlugin } from '../../domain/channel.ts';
import { idList, NAME, NAME_WORDS } from './field.ts';
import { overridesOfShape, type Overrides } from './overrides.ts';

const groupShape = {
  enabled: setting(z.boolean().default(true), { description: 'false: nothing from this group is heard.' }),
  requireMention: setting(z.boolean().default(true), { description: 'Only messages that address the bot are heard.' }),
  allowFrom: idList(
    { description: 'Only these senders; `"*"` for all of the group.', defaultText: '`groupAllowFrom` of the channel' },
    'with *',
  ).optional(),
};

/** What admission reads. No channel's own schema may have these keys. */
export const policyShape = {
  enabled: setting(z.boolean().default(true), { description: 'false: the channel does not run.' }),
  name: setting(z.string().min(1).max(100).optional(), { description: 'What you call it in lists.' }),
  dmPolicy: setting(z.enum(['pairing', 'allowlist', 'open', 'disabled']).default('pairing'), {
    description:
      'Who may talk in direct chats. `pairing`: who is in `allowFrom` or was approved with a code; `allowlist`: who is in `allowFrom`; `open`: everybody, and only with `"*"` in `allowFrom`; `disabled`: nobody.',
    restart: 'live',
  }),
  allowFrom: idList(
    { description: 'Senders that may talk in direct chats. `"*"` counts under `dmPolicy: "open"` only.', restart: 'live' },
    'with *',
  ).default([]),
  groupPolicy: setting(z.enum(['disabled', 'allowlist', 'open']).default('disabled'), {
    description:
      'Whether groups are heard. `allowlist`: groups named in `groups`, senders named in `groupAllowFrom`; `open`: every group and everybody in it.',
    restart: 'live',
  }),
  groupAllowFrom: idList(
    {
      description: 'Senders that may talk in groups. Who was paired in a direct chat is not among them by that.',
      restart: 'live',
    },
    'with *',
  ).default([]),
  groups: setting(z.record(z.string().regex(/^(?:\*|-?\d{1,20})$/), z.strictObject(groupShape)).default({}), {
    description: 'Groups by chat id; `*` for all others.',
    expects: 'an object by numeric chat id or "*"',
    restart: 'live',
  }),
  allowBots: setting(z.boolean().default(false), { description: 'Other bots are heard too.', restart: 'live' }),
  configWrites: setting(z.literal(false).default(false), {
    description: 'Let messages change the configuration.',
    because: 'A message never changes the configuration, whoever sends it.',
    restart: 'live',
  }),
};

export type PolicyValues = z.output<z.ZodObject<typeof policyShape>>;
/** One channel's section: policy and the platform's own keys, which only its plugin knows. */
export type ChannelSection = PolicyValues & { accounts: Record<string, Overrides<PolicyValues>> } & Record<string, unknown>;

const openNeedsStar = z.refine<{ dmPolicy?: string | undefined; allowFrom?: string[] | undefined }>(
  (policy) => policy.dmPolicy !== 'open' || (policy.allowFrom ?? []).includes('*'),
  { error: 'dmPolicy "open" lets everybody talk, so it must be said twice: put "*" into allowFrom first.', path: ['dmPolicy'] },
);

export function channelsSection(plugins: readonly ChannelPlugin<never>[]) {
  const shape = Object.fromEntries(plugins.map((plugin) => [plugin.id, channel(plugin).optional()]));
  return setting(z.strictObject(shape).prefault({}), {
    description: 'Where people talk to the agent.',
    restart: 'channel',
  }) as unknown as z.ZodType<Partial<Record<string, ChannelSection>>>;
}

function channel(plugin: ChannelPlugin<never>): z.ZodType {
  const own = plugin.settings.shape as Record<string, z.ZodType>;
  const taken = Object.keys(own).find((key) => key in policyShape || key === 'accounts');
  if (taken) throw new Error(`the channel ${plugin.id} has a setting ${taken}, which is admission's`);
  // A file may be written step by step: what the platform needs is asked for when the channel starts.
  const account = z.lazy(() => z.strictObject(overridesOfShape({ ...policyShape, ...own })));
  return setting(
    z
      .strictObject({
        ...policyShape,
        ...optionalShape(own),
        accounts: setting(z.record(z.string().regex(NAME), account).default({}), {
          description: 'Further accounts by name. Each inherits what stands above, except secrets.',
          expects: `an object by account name (${NAME_WORDS})`,
        }),
      })
      .check(openNeedsStar as never),
    { description: `${plugin.title}.` },
  );
}

/** The same keys with their defaults, none required. */
function optionalShape(shape: Record<string, z.ZodType>): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(shape).map(([key, schema]) => {
      const facts = z.globalRegistry.get(schema) as SettingFacts | undefined;
      return [key, schema._zod.optin === 'optional' ? schema : facts ? setting(schema.optional(), facts) : schema.optional()];
    }),
  );
}
