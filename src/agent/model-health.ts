/**
 * Owns the memory of models that failed lately, so that the next turn does not wait for them again.
 * Must never rule a model out: one that failed only comes later, since it may be the only one that works by then.
 */
import type { Clock } from '../domain/clock.ts';
import type { AppError } from '../domain/errors.ts';

export interface ModelHealth {
  /** `references` in the order in which they should be tried. */
  order(references: readonly string[]): string[];
  succeeded(reference: string): void;
  failed(reference: string, error: AppError): void;
  /** Keys or addresses changed: what failed before says nothing any more. */
  forget(): void;
}

/** After the first, second, third failure in a row, and every one after that. */
const REST_MS = [60_000, 5 * 60_000, 25 * 60_000, 60 * 60_000] as const;

interface Rest {
  /** On the monotonic clock. */
  untilMs: number;
  failures: number;
}

export function createModelHealth(clock: Pick<Clock, 'monotonic'>): ModelHealth {
  const rests = new Map<string, Rest>();
  return {
    order(references) {
      const now = clock.monotonic();
      const isResting = (reference: string): boolean => (rests.get(reference)?.untilMs ?? -Infinity) > now;
      const unique = [...new Set(references)];
      return [...unique.filter((reference) => !isResting(reference)), ...unique.filter(isResting)];
    },
    succeeded: (reference) => void rests.delete(reference),
    failed(reference, error) {
      // A request that was refused as such says nothing about the next one.
      if (error.code === 'invalid') return;
      const failures = (rests.get(reference)?.failures ?? 0) + 1;
      const restMs = REST_MS[Math.min(failures, REST_MS.length) - 1] ?? 0;
      rests.set(reference, { failures, untilMs: clock.monotonic() + Math.max(restMs, error.retryAfterMs ?? 0) });
    },
    forget: () => rests.clear(),
  };
}
