/** What a changed configuration touches, so that only that is restarted. Pure. */
import type * as z from 'zod/mini';
import { Secret } from '../domain/secret.ts';
import { knownKey } from './known.ts';
import { formatPath, type ConfigPath } from './path.ts';
import type { Config, ConfigSchema } from './schema.ts';

export interface ReloadPlan {
  /** Every key that changed. */
  changed: string[];
  /** Read at the next use: nothing needs to be done but to hand out the new settings. */
  live: string[];
  /** Channels to restart; with no account all accounts of the channel. `*` stands for all channels. */
  channels: { channel: string; account?: string }[];
  /** Keys that only a restart of the gateway brings into effect. */
  gateway: string[];
}

export function planReload(schema: ConfigSchema, before: Config, after: Config): ReloadPlan {
  const plan: ReloadPlan = { changed: [], live: [], channels: [], gateway: [] };
  for (const path of changedPaths(before, after)) {
    const name = formatPath(path);
    plan.changed.push(name);
    const restart = restartOf(schema, path);
    if (restart === 'live') plan.live.push(name);
    else if (restart === 'gateway') plan.gateway.push(name);
    else addChannel(plan.channels, path);
  }
  return plan;
}

/** A whole section that comes or goes needs the most that any key in it needs. */
function restartOf(schema: z.core.$ZodType, path: ConfigPath) {
  return knownKey(schema, path)?.restart ?? 'gateway';
}

function addChannel(channels: ReloadPlan['channels'], path: ConfigPath): void {
  const [section, first, second, third] = path.map(String);
  const channel = section === 'channels' ? first : section === 'plugins' ? second : '*';
  const account = section === 'channels' && second === 'accounts' ? third : undefined;
  const known = channels.some((one) => one.channel === channel && (one.account === undefined || one.account === account));
  if (!known) channels.push({ channel: channel ?? '*', ...(account !== undefined && { account }) });
}

/** Paths of the outermost values that differ; lists are compared as a whole. */
function* changedPaths(before: unknown, after: unknown, path: ConfigPath = []): Generator<ConfigPath> {
  if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      yield* changedPaths(before[key], after[key], [...path, key]);
    }
  } else if (!same(before, after)) yield path;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret);
}

function same(before: unknown, after: unknown): boolean {
  if (before instanceof Secret && after instanceof Secret) return before.reveal() === after.reveal();
  if (Array.isArray(before) && Array.isArray(after)) {
    return before.length === after.length && before.every((item, place) => [...changedPaths(item, after[place])].length === 0);
  }
  return Object.is(before, after);
}
