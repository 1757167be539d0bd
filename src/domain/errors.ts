/**
 * The errors that can be expected. Everything else that is thrown is a bug.
 * Must never carry a secret in `message` or `hint`: both are shown to people.
 */

/**
 * - `invalid`      the input is wrong; the hint says what was expected
 * - `denied`       policy, credential or permission says no
 * - `not_found`    the named thing does not exist
 * - `conflict`     somebody else holds it, or it changed meanwhile
 * - `limit`        a limit was reached (rate, size, time, money); may carry `retryAfterMs`
 * - `unavailable`  something outside does not answer; trying again may help
 */
export type ErrorCode = 'invalid' | 'denied' | 'not_found' | 'conflict' | 'limit' | 'unavailable';

export interface AppErrorDetails {
  /** How to mend it, as one sentence or a command. */
  hint?: string;
  /** How long to wait before trying again, in milliseconds. */
  retryAfterMs?: number;
  cause?: unknown;
}

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: AppErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'AppError';
    this.code = code;
    this.hint = details.hint;
    this.retryAfterMs = details.retryAfterMs;
  }
}

export function isAppError(value: unknown, code?: ErrorCode): value is AppError {
  return value instanceof AppError && (code === undefined || value.code === code);
}

/** The message of anything thrown, for logs. People are shown an AppError's message only. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
