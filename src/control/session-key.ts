/** How a client may name a conversation: in full, or by its part after the agent. A name is never a permission. */
import * as z from 'zod';
import { AppError } from '../domain/errors.ts';
import type { SessionKey } from '../domain/session.ts';

const MOST_CHARS = 200;

/** As clients write it. */
export const sessionName = z
  .string()
  .min(1)
  .max(MOST_CHARS)
  .regex(/^[\w:.@+-]+$/);

/** The owner's own conversation with an agent. */
export function mainSessionKey(agentId: string): SessionKey {
  return sessionKeyOf('main', agentId);
}

/** `main` and every other short name stand for that conversation of the agent. AppError `invalid` where the key gets too long. */
export function sessionKeyOf(name: string, agentId: string): SessionKey {
  const key = name.startsWith('agent:') ? name : `agent:${agentId}:${name}`;
  if (key.length <= MOST_CHARS) return key;
  throw new AppError('invalid', `The session's name is too long: ${MOST_CHARS} characters at most, the agent's part included.`);
}

/** The agent that a key names; undefined for a short name. */
export function agentIdIn(name: string): string | undefined {
  return /^agent:([^:]+):/.exec(name)?.[1];
}
