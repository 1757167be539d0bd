/** Owns the decision whether a failed model call is tried again with the same model, and when. */
import type { AppError } from '../domain/errors.ts';
import { isQuotaSpent } from '../domain/model.ts';

export interface RetryRules {
  /** Calls of one model, the first included. */
  tries: number;
  /** A vendor that asks for a longer pause is not waited for. */
  longestWaitMs: number;
}

/** Where nobody else can answer, patience is all there is. */
export const lastModelRules: RetryRules = { tries: 5, longestWaitMs: 60_000 };
/** Where another model can answer, the person should not wait. */
export const earlierModelRules: RetryRules = { tries: 2, longestWaitMs: 5_000 };

const FIRST_WAIT_MS = 400;
const LONGEST_BACKOFF_MS = 8_000;

export interface FailedTry {
  error: AppError;
  /** From 1. */
  attempt: number;
  rules: RetryRules;
  /** 0 to 1. */
  random: number;
}

/** Milliseconds to wait before the next try, or undefined when this model is given up. */
export function waitBeforeRetry({ error, attempt, rules, random }: FailedTry): number | undefined {
  const mayPass = error.code === 'unavailable' || (error.code === 'limit' && !isQuotaSpent(error));
  if (!mayPass || attempt >= rules.tries) return undefined;
  const backoff = Math.min(LONGEST_BACKOFF_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
  // Half of it by chance, so that many turns that failed together do not come back together.
  if (error.retryAfterMs === undefined) return backoff * (0.5 + random / 2);
  if (error.retryAfterMs > rules.longestWaitMs) return undefined;
  return error.retryAfterMs + (backoff * random) / 2;
}
