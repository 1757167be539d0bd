/**
 * Rules over the finished configuration that no single key can break: what would be unsafe, or could only fail.
 * The gateway does not start while one of them is broken; looking at the configuration and mending it stays possible.
 */
import type { Config } from './schema.ts';
import type { ConfigPath } from './path.ts';
import type { Problem } from './problems.ts';

/** `isUnresolved`: the secret at this path is not known, which is told elsewhere. */
export function brokenRules(config: Config, isUnresolved: (path: ConfigPath) => boolean): Problem[] {
  return [...unequalTokens(config, isUnresolved), ...bindings(config)];
}

function unequalTokens({ gateway }: Config, isUnresolved: (path: ConfigPath) => boolean): Problem[] {
  const path = ['gateway', 'remote', 'token'];
  if (!gateway.remote.token) return [];
  if (!gateway.auth.token) {
    return [{ path, message: 'there is no gateway.auth.token that it could match. Set both to the same token.', passing: true }];
  }
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
