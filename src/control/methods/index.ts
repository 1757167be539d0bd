/** The table of methods: name, scope, schema, handler. Transports, help and tests read it; nothing else calls a handler. */
import type { Method } from '../method.ts';
import { agentMethods } from './agent.ts';
import type { ControlParts } from './parts.ts';
import { sessionMethods } from './sessions.ts';
import { statusMethods } from './status.ts';

export function createMethods(parts: ControlParts): ReadonlyMap<string, Method> {
  const all = [...statusMethods(parts), ...agentMethods(parts), ...sessionMethods(parts)];
  return new Map(all.map((method) => [method.name, method]));
}
