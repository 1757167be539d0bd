/** Owns how long is waited between attempts. Time only ever comes from timers, which no clock jump moves. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Backoff {
  /** The next pause in milliseconds: doubled each time, with up to a quarter of chance in it. */
  next(): number;
  reset(): void;
}

export function createBackoff(firstMs: number, mostMs: number): Backoff {
  let pauseMs = firstMs;
  return {
    next() {
      const thisMs = pauseMs;
      pauseMs = Math.min(mostMs, pauseMs * 2);
      return thisMs * (1 - Math.random() / 4);
    },
    reset() {
      pauseMs = firstMs;
    },
  };
}

/** Resolves after the time, or at once when `signal` aborts. Never rejects. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
