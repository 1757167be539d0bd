/** `channels`: who may talk, the same for every channel, and beside it what each channel's own schema brings. */
import * as z from 'zod';
import type { ChannelPlugin } from '../../domain/channel.ts';
import type { SettingFacts } from '../../domain/setting.ts';
import { idList, NAME, NAME_WORDS } from './field.ts';
import { overridesOfShape, type Overrides } from './overrides.ts';

const groupShape = {
  enabled: z
    .boolean()
    .default(true)
    .meta({ description: 'false: nothing from this group is heard.' } satisfies SettingFacts),
  requireMention: z
    .boolean()
    .default(true)
    .meta({ description: 'Only messages that address the bot are heard.' } satisfies SettingFacts),
  allowFrom: idList(
    { description: 'Only these senders; `"*"` for all of the group.', defaultText: '`groupAllowFrom` of the channel' },
    'with *',
  ).optional(),
};

/** What admission reads. No channel's own schema may have these keys. */
export const policyShape = {
  enabled: z
    .boolean()
    .default(true)
    .meta({ description: 'false: the channel does not run.' } satisfies SettingFacts),
  name: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'What you call it in lists.' } satisfies SettingFacts),
  dmPolicy: z
    .enum(['pairing', 'allowlist', 'open', 'disabled'])
    .default('pairing')
    .meta({
      description:
        'Who may talk in direct chats. `pairing`: who is in `allowFrom` or was approved with a code; `allowlist`: who is in `allowFrom`; `open`: everybody, and only with `"*"` in `allowFrom`; `disabled`: nobody.',
      restart: 'live',
    } satisfies SettingFacts),
  allowFrom: idList(
    { description: 'Senders that may talk in direct chats. `"*"` counts under `dmPolicy: "open"` only.', restart: 'live' },
    'with *',
  ).default([]),
  groupPolicy: z
    .enum(['disabled', 'allowlist', 'open'])
    .default('disabled')
    .meta({
      description:
        'Whether groups are heard. `allowlist`: groups named in `groups`, senders named in `groupAllowFrom`; `open`: every group and everybody in it.',
      restart: 'live',
    } satisfies SettingFacts),
  groupAllowFrom: idList(
    {
      description: 'Senders that may talk in groups. Who was paired in a direct chat is not among them by that.',
      restart: 'live',
    },
    'with *',
  ).default([]),
  groups: z
    .record(z.string().regex(/^(?:\*|-?\d{1,20})$/), z.strictObject(groupShape))
    .default({})
    .meta({
      description: 'Groups by chat id; `*` for all others.',
      expects: 'an object by numeric chat id or "*"',
      restart: 'live',
    } satisfies SettingFacts),
  allowBots: z
    .boolean()
    .default(false)
    .meta({ description: 'Other bots are heard too.', restart: 'live' } satisfies SettingFacts),
  configWrites: z
    .literal(false)
    .default(false)
    .meta({
      description: 'Let messages change the configuration.',
      because: 'A message never changes the configuration, whoever sends it.',
      restart: 'live',
    } satisfies SettingFacts),
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
  return z
    .strictObject(shape)
    .prefault({})
    .meta({ description: 'Where people talk to the agent.', restart: 'channel' } satisfies SettingFacts) as unknown as z.ZodType<
    Partial<Record<string, ChannelSection>>
  >;
}

function channel(plugin: ChannelPlugin<never>): z.ZodType {
  const own = plugin.settings.shape as Record<string, z.ZodType>;
  const taken = Object.keys(own).find((key) => key in policyShape || key === 'accounts');
  if (taken) throw new Error(`the channel ${plugin.id} has a setting ${taken}, which is admission's`);
  // A file may be written step by step: what the platform needs is asked for when the channel starts.
  const account = z.strictObject(overridesOfShape({ ...policyShape, ...own })).meta({ description: 'One account.' });
  return z
    .strictObject({
      ...policyShape,
      ...optionalShape(own),
      accounts: z
        .record(z.string().regex(NAME), account)
        .default({})
        .meta({
          description: 'Further accounts by name. Each inherits what stands above, except secrets.',
          expects: `an object by account name (${NAME_WORDS})`,
        } satisfies SettingFacts),
    })
    .check(openNeedsStar as never)
    .meta({ description: `${plugin.title}.` } satisfies SettingFacts);
}

/** The same keys with their defaults, none required. */
function optionalShape(shape: Record<string, z.ZodType>): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(shape).map(([key, schema]) => {
      const facts = z.globalRegistry.get(schema);
      return [key, schema.safeParse(undefined).success ? schema : facts ? schema.optional().meta(facts) : schema.optional()];
    }),
  );
}
