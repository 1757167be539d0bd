/** The configuration for people's eyes: what counts now, with secrets as fingerprints. */
import type * as z from 'zod/mini';
import { AppError } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';
import { childOf, childrenOf, defaultOf, knownKey } from './known.ts';
import type { LoadedConfig } from './load.ts';
import { nearest } from './nearest.ts';
import { formatPath, valueAt, type ConfigPath } from './path.ts';
import { unknownKey } from './problems.ts';
import type { ConfigSchema } from './schema.ts';

interface ShowOptions {
  /** Secrets themselves instead of their fingerprints. */
  reveal: boolean;
}

/**
 * What counts at a path: as it is written where somebody wrote it, else the default.
 * Throws AppError `not_found` where there is nothing, with the key that was probably meant.
 */
export function showValue(schema: ConfigSchema, loaded: LoadedConfig, path: ConfigPath, options: ShowOptions): unknown {
  const known = knownKey(schema, path)?.schema;
  const value = overlay(known, valueAt(loaded.config, path), valueAt(loaded.said, path));
  if (value !== undefined) return withoutSecrets(value, options);
  throw new AppError('not_found', `Config path not found: ${formatPath(path)}`, { hint: hintFor(schema, path) });
}

function hintFor(schema: ConfigSchema, path: ConfigPath): string {
  const known = knownKey(schema, path);
  if (known) return `It is not set.${known.facts.defaultText ? ` Default: ${known.facts.defaultText}.` : ''}`;
  const above = knownKey(schema, path.slice(0, -1));
  const sibling = above && nearest(String(path.at(-1)), Object.keys(childrenOf(above.schema)));
  if (sibling) return `Did you mean ${formatPath([...path.slice(0, -1), sibling])}?`;
  return unknownKey(schema, path).replace(/^unknown key\.?\s*/, '') || 'All keys: openclaw config docs';
}

/** `said` over `config`, key by key; a default as it would be written, not as it is converted. */
function overlay(schema: z.core.$ZodType | undefined, config: unknown, said: unknown): unknown {
  if (isObject(config) && (isObject(said) || said === undefined)) {
    const keys = new Set([...Object.keys(config), ...Object.keys(said ?? {})]);
    return Object.fromEntries([...keys].map((key) => [key, overlay(schema && childOf(schema, key), config[key], said?.[key])]));
  }
  if (said !== undefined) return said;
  const written = schema && config !== undefined ? defaultOf(schema) : undefined;
  return isObject(written) || written === undefined ? config : written;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret);
}

function withoutSecrets(value: unknown, options: ShowOptions): unknown {
  if (value instanceof Secret) return options.reveal ? value.reveal() : fingerprint(value);
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, options));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, withoutSecrets(below, options)]));
}

/** Equal for equal secrets, so that two can be compared; an empty one is a reference that could not be followed. */
export function fingerprint(secret: Secret): string {
  if (secret.reveal() === '') return '[not resolved]';
  // Loaded here: it takes 7 ms, and most values are no secret.
  const { hash } = process.getBuiltinModule('node:crypto');
  return `[redacted sha256:${hash('sha256', secret.reveal()).slice(0, 8)}]`;
}
