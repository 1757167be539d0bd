/**
 * Owns the translation of whatever a call threw into AppErrors: what it means, whether waiting helps, and whether
 * the message is certainly unsent. No token and no message text gets through.
 * Codes and parameters: https://core.telegram.org/bots/api#making-requests
 */
import { GrammyError, HttpError } from 'grammy/web';
import { certainlyUnsent } from '../../domain/channel.ts';
import { AppError, isAppError, type ErrorCode } from '../../domain/errors.ts';
import { redact } from '../../domain/redaction.ts';
import { WireError } from './wire.ts';

const LONGEST_DESCRIPTION = 300;
/** When a 429 does not say how long. */
const DEFAULT_RETRY_MS = 5_000;

const TOKEN_HINT =
  'Copy the token from @BotFather into channels.telegram.botToken, or into the file of channels.telegram.tokenFile.';

const HINTS: Record<number, string> = {
  401: TOKEN_HINT,
  403: 'The person blocked the bot, or it is no longer in the group. Nothing can be sent until they change that.',
  // The platform answers so to a token of the wrong form too.
  404: `${TOKEN_HINT} With a server of your own, check channels.telegram.apiRoot.`,
  409: 'Stop the other program that uses this bot token, or make a bot of its own for each.',
  413: 'Send a smaller file.',
};

const CODES: Record<number, ErrorCode> = {
  400: 'invalid',
  401: 'denied',
  403: 'denied',
  404: 'denied',
  409: 'conflict',
  413: 'invalid',
  429: 'limit',
};

/** What went wrong inside a call. Never throws. */
export function toAppError(error: unknown): AppError {
  const cause = error instanceof HttpError ? error.error : error;
  if (isAppError(cause)) return cause;
  // An answer that says no is an answer: the message was not taken.
  if (cause instanceof GrammyError) return certainlyUnsent(refusal(cause));
  if (cause instanceof WireError) return fromWire(cause);
  return new AppError('unavailable', `Telegram cannot be used: ${plain(String(cause))}`);
}

function refusal(error: GrammyError): AppError {
  const code = CODES[error.error_code] ?? 'unavailable';
  const details: { hint?: string; retryAfterMs?: number } = {};
  const hint = HINTS[error.error_code];
  if (hint !== undefined) details.hint = hint;
  if (code === 'limit') details.retryAfterMs = retryAfterMs(error);
  return new AppError(code, `Telegram refused ${error.method}: ${plain(error.description)} (${error.error_code})`, details);
}

function retryAfterMs(error: GrammyError): number {
  const seconds = error.parameters.retry_after;
  return typeof seconds === 'number' && seconds >= 0 ? seconds * 1000 : DEFAULT_RETRY_MS;
}

function fromWire(error: WireError): AppError {
  const app = new AppError('unavailable', `Telegram does not answer: ${plain(error.message)}`, {
    hint: 'Check the network and channels.telegram.apiRoot; it is tried again by itself.',
  });
  return error.unsent ? certainlyUnsent(app) : app;
}

function plain(text: string): string {
  return redact(text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, LONGEST_DESCRIPTION));
}

/** The refusal of a call as grammY tells it, when it has this code and matches. */
export function isRefusal(error: unknown, code: number, description: RegExp): error is GrammyError {
  return error instanceof GrammyError && error.error_code === code && description.test(error.description);
}

/** The platform answers 404 to a token of the wrong form. Waiting mends neither. */
export function isTokenRefused(error: unknown): boolean {
  return error instanceof GrammyError && (error.error_code === 401 || error.error_code === 404);
}
