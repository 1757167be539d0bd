/** A message to an agent on a caller's behalf, and the caller's right to stop it by going away. Decides nothing about who may call. */
import type { TurnObserver } from '../agent/parts.ts';
import type { SessionKey } from '../domain/session.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { SubmissionEnd } from '../gateway/submissions.ts';

/** Who holds the token speaks as the owner, but never as a person in a chat. */
export const OWNER = 'owner';

export interface RunRequest {
  sessionKey: SessionKey;
  agentId: string;
  text: string;
  /** As the model is told where it comes from. */
  origin: string;
  /** Aborted when nobody waits for the answer any more: the turn is stopped, or stops as soon as it begins. */
  signal: AbortSignal;
  observer?: TurnObserver;
}

/** Resolves with the end of the turn that took the message up. Rejects when it could not be stored. */
export async function runMessage(gateway: Gateway, request: RunRequest): Promise<SubmissionEnd> {
  const { signal, observer, ...message } = request;
  let started = false;
  // Only its own turn: another caller's may run in the same lane while this message waits.
  const stop = (): void => {
    if (started) gateway.stopTurn(message.sessionKey);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await gateway.submit({
      ...message,
      senderId: OWNER,
      nowMs: Date.now(),
      observer: {
        ...observer,
        started() {
          started = true;
          if (signal.aborted) stop();
          observer?.started?.();
        },
      },
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
