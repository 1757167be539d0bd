/**
 * Owns the small signs (typing, the answer to a pressed button). They must never take from the answers:
 * what is over the budget is dropped, never queued, and a failure is nobody's concern.
 */
import type { Clock } from '../../domain/clock.ts';
import { toAppError } from './errors.ts';

export interface Signs {
  /** Makes the call, or does not. Never throws. */
  show(call: () => Promise<unknown>): void;
}

/** On a dead line calls hang until their timeout; more of them would take the connections of the answers. */
const MOST_AT_ONCE = 8;

/** In any second at most twice `perSecond`: as many at once, and as many again while it passes. */
export function createSigns(clock: Clock, perSecond: number): Signs {
  let left = perSecond;
  let countedAt = clock.monotonic();
  let blockedUntil = 0;
  let open = 0;

  function isFree(): boolean {
    const now = clock.monotonic();
    left = Math.min(perSecond, left + ((now - countedAt) / 1000) * perSecond);
    countedAt = now;
    return now >= blockedUntil && open < MOST_AT_ONCE && left >= 1;
  }

  return {
    show(call) {
      if (!isFree()) return;
      left -= 1;
      open += 1;
      call()
        .catch((error: unknown) => {
          const { retryAfterMs } = toAppError(error);
          if (retryAfterMs !== undefined) blockedUntil = clock.monotonic() + retryAfterMs;
        })
        .finally(() => {
          open -= 1;
        });
    },
  };
}
