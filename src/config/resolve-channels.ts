/**
 * Accounts of channels with who may talk on each. An account inherits what its channel says, except what is its own alone:
 * secrets and whatever a channel marks so. Pure.
 */
import type * as z from 'zod/mini';
import type { ChannelPlugin } from '../domain/channel.ts';
import type { AdmissionSettings, ChannelAccountSettings } from '../domain/settings.ts';
import { expectedOf, factsOf } from './known.ts';
import { formatPath, valueAt } from './path.ts';
import type { Config } from './schema.ts';
import { policyShape, type ChannelSection, type PolicyValues } from './sections/channels.ts';

type Plugin = ChannelPlugin<never>;
const DEFAULT_ACCOUNT = 'default';

export function resolveChannels(config: Config, plugins: readonly Plugin[]): ChannelAccountSettings[] {
  return plugins.flatMap((plugin) => {
    const section = config.channels[plugin.id];
    const switchedOff = config.plugins.entries[plugin.id]?.enabled === false;
    return section ? accountsOf(plugin, section).map((one) => (switchedOff ? { ...one, enabled: false } : one)) : [];
  });
}

function accountsOf(plugin: Plugin, section: ChannelSection): ChannelAccountSettings[] {
  const { accounts, ...top } = section;
  const own = ownKeys(plugin);
  const named = Object.entries(accounts).map(([account, overrides]) => {
    // What stands above is the account `default`; the others are told apart by what is their own.
    const inherited = Object.entries(top).filter(([key]) => account === DEFAULT_ACCOUNT || !own.has(key));
    return accountOf(plugin, account, merge(Object.fromEntries(inherited), overrides));
  });
  // The channel's own section is an account too, unless it only holds what the named ones share.
  const isAccount = named.length === 0 || [...own].some((key) => top[key] !== undefined);
  const hasDefault = DEFAULT_ACCOUNT in accounts;
  return isAccount && !hasDefault ? [accountOf(plugin, DEFAULT_ACCOUNT, top), ...named] : named;
}

/** Keys that one account does not share with another. */
function ownKeys(plugin: Plugin): Set<string> {
  const shape = plugin.settings.shape as Record<string, z.core.$ZodType>;
  const own = Object.entries(shape).filter(([, schema]) => factsOf(schema).secret || factsOf(schema).perAccount);
  return new Set(own.map(([key]) => key));
}

/** Objects key by key; everything else is replaced. */
function merge(below: unknown, above: unknown): Record<string, unknown> {
  const merged = { ...(below as Record<string, unknown>) };
  for (const [key, value] of Object.entries(above as Record<string, unknown>)) {
    if (value !== undefined) merged[key] = isPlain(value) && isPlain(merged[key]) ? merge(merged[key], value) : value;
  }
  return merged;
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function accountOf(plugin: Plugin, account: string, values: Record<string, unknown>): ChannelAccountSettings {
  const policy = values as unknown as PolicyValues;
  const platform = Object.fromEntries(Object.entries(values).filter(([key]) => !(key in policyShape)));
  const parsed = plugin.settings.safeParse(platform, { jitless: true });
  return {
    channel: plugin.id,
    account,
    ...(policy.name !== undefined && { name: policy.name }),
    enabled: policy.enabled,
    admission: admissionOf(plugin.id, policy),
    settings: parsed.success ? parsed.data : undefined,
    ...(!parsed.success && { problem: problemOf(plugin, parsed.error, platform) }),
  };
}

function problemOf(plugin: Plugin, error: z.core.$ZodError, values: unknown): string {
  const [issue] = error.issues;
  const path = (issue?.path ?? []).filter((step) => typeof step !== 'symbol');
  const schema = (plugin.settings.shape as Record<string, z.core.$ZodType>)[String(path[0])];
  const name = formatPath(['channels', plugin.id, ...path]);
  return valueAt(values, path) === undefined && schema
    ? `${name} is missing: ${factsOf(schema).description ?? expectedOf(schema)}`
    : `${name}: ${issue?.message}`;
}

function admissionOf(channel: string, policy: PolicyValues): AdmissionSettings {
  const ids = (list: readonly string[]): string[] =>
    list.map((id) => withoutChannel(channel, id)).filter((id) => id !== undefined);
  return {
    dmPolicy: policy.dmPolicy,
    // Elsewhere than under `open` the star would make the policy say one thing and do another.
    allowFrom: ids(policy.allowFrom).filter((id) => policy.dmPolicy === 'open' || id !== '*'),
    groupPolicy: policy.groupPolicy,
    groupAllowFrom: ids(policy.groupAllowFrom),
    groups: Object.fromEntries(
      Object.entries(policy.groups).map(([id, group]) => [
        id,
        {
          enabled: group.enabled,
          requireMention: group.requireMention,
          ...(group.allowFrom && { allowFrom: ids(group.allowFrom) }),
        },
      ]),
    ),
    allowBots: policy.allowBots,
  };
}

/** `telegram:5` is `5` on Telegram, and nobody elsewhere. */
function withoutChannel(channel: string, id: string): string | undefined {
  const [prefix, rest] = id.split(':', 2);
  if (rest === undefined) return id;
  return prefix === channel || (prefix === 'tg' && channel === 'telegram') ? rest : undefined;
}
