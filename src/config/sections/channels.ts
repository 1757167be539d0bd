/** `channels`: who may talk, the same for every channel, and beside it what each channel's own schema brings. */
import * as z from 'zod/mini';
import { setting, type SettingFacts } from '../../domain/setting.ts';
import type { ChannelPlugin } from '../../domain/channel.ts';
import { idList, NAME, NAME_WORDS } from './field.ts';
import { overridesOfShape, type Overrides } from './overrides.ts';

const groupShape = {
  enabled: setting(z._default(z.boolean(), true), { description: 'false: nothing from this group is heard.' }),
  requireMention: setting(z._default(z.boolean(), true), { description: 'Only messages that address the bot are heard.' }),
  allowFrom: z.optional(
    idList(
      { description: 'Only these senders; `"*"` for all of the group.', defaultText: '`groupAllowFrom` of the channel' },
      'with *',
    ),
  ),
};

/** What admission reads. No channel's own schema may have these keys. */
export const policyShape = {
  enabled: setting(z._default(z.boolean(), true), { description: 'false: the channel does not run.' }),
  name: setting(z.optional(z.string().check(z.minLength(1), z.maxLength(100))), { description: 'What you call it in lists.' }),
  dmPolicy: setting(z._default(z.enum(['pairing', 'allowlist', 'open', 'disabled']), 'pairing'), {
    description:
      'Who may talk in direct chats. `pairing`: who is in `allowFrom` or was approved with a code; `allowlist`: who is in `allowFrom`; `open`: everybody, and only with `"*"` in `allowFrom`; `disabled`: nobody.',
    restart: 'live',
  }),
  allowFrom: z._default(
    idList(
      { description: 'Senders that may talk in direct chats. `"*"` counts under `dmPolicy: "open"` only.', restart: 'live' },
      'with *',
    ),
    [],
  ),
  groupPolicy: setting(z._default(z.enum(['disabled', 'allowlist', 'open']), 'disabled'), {
    description:
      'Whether groups are heard. `allowlist`: groups named in `groups`, senders named in `groupAllowFrom`; `open`: every group and everybody in it.',
    restart: 'live',
  }),
  groupAllowFrom: z._default(
    idList(
      {
        description: 'Senders that may talk in groups. Who was paired in a direct chat is not among them by that.',
        restart: 'live',
      },
      'with *',
    ),
    [],
  ),
  groups: setting(z._default(z.record(z.string().check(z.regex(/^(?:\*|-?\d{1,20})$/)), z.strictObject(groupShape)), {}), {
    description: 'Groups by chat id; `*` for all others.',
    expects: 'an object by numeric chat id or "*"',
    restart: 'live',
  }),
  allowBots: setting(z._default(z.boolean(), false), { description: 'Other bots are heard too.', restart: 'live' }),
  configWrites: setting(z._default(z.literal(false), false), {
    description: 'Let messages change the configuration.',
    because: 'A message never changes the configuration, whoever sends it.',
    restart: 'live',
  }),
};

export type PolicyValues = z.output<z.ZodMiniObject<typeof policyShape>>;
/** One channel's section: policy and the platform's own keys, which only its plugin knows. */
export type ChannelSection = PolicyValues & { accounts: Record<string, Overrides<PolicyValues>> } & Record<string, unknown>;

const openNeedsStar = z.refine<{ dmPolicy?: string | undefined; allowFrom?: string[] | undefined }>(
  (policy) => policy.dmPolicy !== 'open' || (policy.allowFrom ?? []).includes('*'),
  { error: 'dmPolicy "open" lets everybody talk, so it must be said twice: put "*" into allowFrom first.', path: ['dmPolicy'] },
);

export function channelsSection(plugins: readonly ChannelPlugin<never>[]) {
  const shape = Object.fromEntries(plugins.map((plugin) => [plugin.id, z.optional(channel(plugin))]));
  return setting(z.prefault(z.strictObject(shape), {}), {
    description: 'Where people talk to the agent.',
    restart: 'channel',
  }) as unknown as z.ZodMiniType<Partial<Record<string, ChannelSection>>>;
}

function channel(plugin: ChannelPlugin<never>): z.ZodMiniType {
  const own = plugin.settings.shape as Record<string, z.core.$ZodType>;
  const taken = Object.keys(own).find((key) => key in policyShape || key === 'accounts');
  if (taken) throw new Error(`the channel ${plugin.id} has a setting ${taken}, which is admission's`);
  // A file may be written step by step: what the platform needs is asked for when the channel starts.
  const account = z.lazy(() => z.strictObject(overridesOfShape({ ...policyShape, ...own })));
  return setting(
    z
      .strictObject({
        ...policyShape,
        ...optionalShape(own),
        accounts: setting(z._default(z.record(z.string().check(z.regex(NAME)), account), {}), {
          description: 'Further accounts by name. Each inherits what stands above, except secrets.',
          expects: `an object by account name (${NAME_WORDS})`,
        }),
      })
      .check(openNeedsStar as never),
    { description: `${plugin.title}.` },
  );
}

/** The same keys with their defaults, none required. */
function optionalShape(shape: Record<string, z.core.$ZodType>): Record<string, z.core.$ZodType> {
  return Object.fromEntries(
    Object.entries(shape).map(([key, schema]) => {
      const facts = z.globalRegistry.get(schema) as SettingFacts | undefined;
      return [key, schema._zod.optin === 'optional' ? schema : facts ? setting(z.optional(schema), facts) : z.optional(schema)];
    }),
  );
}
