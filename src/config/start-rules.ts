/**
 * Rules over the finished configuration that no single key can break: what would be unsafe, or could only fail.
 * The gateway does not start while one of them is broken; looking at the configuration and mending it stays possible.
 */
import type * as z from 'zod';
import type { Config } from './schema.ts';
import { Secret } from '../domain/secret.ts';
import { childOf, factsOf } from './known.ts';
import type { ConfigPath } from './path.ts';
import type { Problem } from './problems.ts';

const PLACEHOLDER =
  /^(?:\s*|undefined|null|none|changeme|change[-_ ]me|todo|secret|password|token|xxx+|\.{3}|…|<.*>|\{\{.*\}\}|your[-_ ].*|managed[-_ ]by[-_ ].*|replace[-_ ].*|redacted|\[redacted\])$/i;

/** A value that somebody put there until the real one comes. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text);
}

/** `unresolved` secrets are told elsewhere. */
export function brokenRules(root: z.core.$ZodType, config: Config, isUnresolved: (path: ConfigPath) => boolean): Problem[] {
  return [...placeholders(root, config, isUnresolved), ...unequalTokens(config, isUnresolved), ...bindings(config)];
}

function placeholders(root: z.core.$ZodType, config: Config, isUnresolved: (path: ConfigPath) => boolean): Problem[] {
  return [...secretsIn(root, config)]
    .filter(({ path, secret }) => !isUnresolved(path) && isPlaceholder(secret.reveal()))
    .map(({ path, secret }) => ({
      path,
      message: secret.reveal().trim() === '' ? 'the secret is blank.' : `"${secret.reveal()}" stands for a secret, but is none.`,
    }));
}

function* secretsIn(
  root: z.core.$ZodType,
  value: unknown,
  path: ConfigPath = [],
): Generator<{ path: ConfigPath; secret: Secret }> {
  if (value instanceof Secret) {
    if (factsOf(root).secret) yield { path, secret: value };
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, below] of Object.entries(value)) {
    const child = childOf(root, key);
    if (child) yield* secretsIn(child, below, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

function unequalTokens({ gateway }: Config, isUnresolved: (path: ConfigPath) => boolean): Problem[] {
  const path = ['gateway', 'remote', 'token'];
  if (!gateway.auth.token || !gateway.remote.token) return [];
  if (isUnresolved(path) || isUnresolved(['gateway', 'auth', 'token'])) return [];
  if (gateway.auth.token.reveal() === gateway.remote.token.reveal()) return [];
  const message =
    'it differs from gateway.auth.token: the command line of this host would be refused. Set both to the same token.';
  return [{ path, message, passing: true }];
}

function bindings({ bindings, agents }: Config): Problem[] {
  const ids = agents.list.length > 0 ? agents.list.map(({ id }) => id) : ['main'];
  return bindings.flatMap(({ agentId }, place) =>
    ids.includes(agentId)
      ? []
      : [{ path: ['bindings', place, 'agentId'], message: `there is no agent "${agentId}"; there is ${ids.join(', ')}.` }],
  );
}
