/**
 * Owns the decision what a vendor's refusal means to us: an AppError with a code, a hint and, for limits, a time.
 * Must never put a request, a key or an address beyond its host into the error: it is shown and logged.
 */
import { AppError, type ErrorCode } from '../domain/errors.ts';
import { contextOverflow, quotaSpent } from '../domain/model.ts';
import { StreamFailure } from './events.ts';
import { readFailure, type Failure } from './failure.ts';
import { hostOf } from './base-url.ts';

export interface Asked {
  providerId: string;
  model: string;
  baseUrl: string;
}

/** The words with which vendors say that a prompt is longer than the model's window. Order: by how often they are met. */
const OVERFLOW_WORDS = [
  /context_length_exceeded|exceed_context_size|model_context_window_exceeded/, // codes: OpenAI, Groq, Cerebras; llama.cpp
  /prompt is too long|prompt too long|input is too long/, // Anthropic, Bedrock, Ollama
  /input length and `?max_tokens`? exceed context limit/, // Anthropic
  /request_too_large|request exceeds the maximum (?:allowed )?(?:size|number of bytes)/, // Anthropic, 413
  /maximum context length|max(?:imum)? (?:model|prompt) length|context window|context length/, // OpenAI, vLLM, xAI, DeepSeek, LM Studio, MiniMax
  /input token count.{0,40} exceeds the maximum/, // Google
  /exceeds the (?:available )?context size/, // llama.cpp
  /exceeded model token limit/, // Moonshot
  /too large for model with \d+ maximum/, // Mistral
  /prompt exceeds max length/, // Z.ai
  /reduce the length of the messages/, // Groq, Cerebras
  /greater than the context|context the overflows/, // LM Studio
  /request too large for model.{0,200}tokens per minute/, // Groq: larger than a whole minute's allowance
];

/** Used up: no money, no credits, no plan. Waiting does not help. */
const QUOTA_WORDS =
  /insufficient_quota|insufficient[ _](?:balance|credits|funds)|credit balance is too low|billing_(?:hard_limit|error|not_active)|exceeded_current_quota|out of credits|payment[ _]required|quota_exceeded_error/;

const KEY_WORDS =
  /api_key_invalid|invalid[ _]api[ _]key|api key not valid|incorrect api key|api key (?:is )?(?:missing|required|expired)/;
const NO_MODEL_WORDS = /model_not_found|not a valid model|model .{0,100}(?:not found|does not exist)|no such model|unknown model/;
const OVERLOADED_WORDS = /overloaded|unavailable_error|server_error|internal_server_error|api_error|timeout/;

interface Sight {
  failure: Failure;
  /** Codes and message, lower case. */
  words: string;
  asked: Asked;
}

/** The first rule that holds decides. What the vendor says counts before its status: some say 400 to everything. */
const RULES: readonly [holds: (sight: Sight) => boolean, error: (sight: Sight) => AppError][] = [
  [isOverflow, overflow],
  [isSpent, spent],
  [isTooMany, tooMany],
  [({ failure, words }) => failure.status === 401 || KEY_WORDS.test(words), wrongKey],
  [({ failure }) => failure.status === 403, forbidden],
  [isNoModel, notFound],
  [isTheirProblem, theirProblem],
  [({ failure }) => failure.status !== undefined && failure.status < 400, redirected],
  [({ failure }) => failure.status !== undefined, refused],
  [({ failure }) => failure.networkCode !== undefined, unreachable],
];

/** Never throws. `nowMs` is the wall clock, for a retry-after that is a date. */
export function toAppError(error: unknown, asked: Asked, nowMs: number): AppError {
  if (error instanceof AppError) return error;
  const failure = readFailure(error instanceof StreamFailure ? error.reported : error, nowMs);
  const sight: Sight = { failure, words: `${failure.codes} ${failure.message}`.toLowerCase(), asked };
  const rule = RULES.find(([holds]) => holds(sight));
  return rule ? rule[1](sight) : brokenOff(sight);
}

function isOverflow({ failure: { status }, words }: Sight): boolean {
  if (status === 413) return true;
  // Limits per minute speak of the window too; only a request above the whole allowance is too long.
  if (status === 429) return /request too large/.test(words);
  return (status === undefined || status < 500) && OVERFLOW_WORDS.some((pattern) => pattern.test(words));
}

function isSpent({ failure, words }: Sight): boolean {
  if (failure.status === 402) return failure.retryAfterMs === undefined;
  return failure.isDailyQuota || QUOTA_WORDS.test(words);
}

function isTooMany({ failure: { status, codes } }: Sight): boolean {
  return status === 429 || status === 402 || /rate_limit|resource_exhausted|too_many_requests/.test(codes);
}

function isNoModel({ failure: { status }, words }: Sight): boolean {
  return status === 404 || ((status === undefined || status < 500) && NO_MODEL_WORDS.test(words));
}

function isTheirProblem({ failure: { status }, words }: Sight): boolean {
  if (status === undefined) return OVERLOADED_WORDS.test(words);
  return status >= 500 || status === 408 || status === 409 || status === 425;
}

function theirProblem({ failure, asked }: Sight): AppError {
  const status = failure.status === undefined ? '' : ` (HTTP ${failure.status})`;
  return make('unavailable', failure, { message: `${asked.providerId} has a problem of its own${status}.`, hint: PASSES });
}

function redirected({ failure, asked }: Sight): AppError {
  return make('invalid', failure, {
    message: `${asked.providerId} answered with a redirect, which is not followed.`,
    hint: `Set models.providers.${asked.providerId}.baseUrl to the final address.`,
  });
}

function refused({ failure, asked }: Sight): AppError {
  return make('invalid', failure, {
    message: `${asked.providerId} refused the request (HTTP ${failure.status}).${said(failure)}`,
    hint: 'Another model may take it: /model shows the choice.',
  });
}

function said({ message }: Failure): string {
  return message === '' ? '' : ` It says: ${message}`;
}

function unreachable({ failure, asked }: Sight): AppError {
  const why = NETWORK_REASONS[failure.networkCode ?? ''] ?? `the connection failed (${failure.networkCode})`;
  return make('unavailable', failure, {
    message: `${asked.providerId} cannot be reached at ${hostOf(asked.baseUrl)}: ${why}.`,
    hint: 'Check the network and the address of the provider.',
  });
}

/** Nothing that we understand was said: the stream ended early or held what is no answer. */
function brokenOff({ failure, asked }: Sight): AppError {
  return make('unavailable', failure, { message: `${asked.providerId} broke off its answer.`, hint: PASSES });
}

const PASSES = 'It usually passes within minutes.';

const NETWORK_REASONS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name cannot be resolved',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted',
};

function overflow({ asked }: Sight): AppError {
  return contextOverflow(
    new AppError('invalid', `The conversation is longer than ${asked.providerId}/${asked.model} can take.`, {
      hint: 'Use /compact, or start anew with /new.',
    }),
  );
}

function spent({ failure, asked }: Sight): AppError {
  return quotaSpent(
    make('limit', failure, {
      message: `The account with ${asked.providerId} has no quota or money left.`,
      hint: 'Top it up, or choose a model of another provider with /model.',
    }),
  );
}

function tooMany({ failure, asked }: Sight): AppError {
  return make('limit', failure, {
    message: `${asked.providerId} gets too many requests from this account.`,
    hint: 'Wait a little and try again.',
  });
}

function wrongKey({ failure, asked }: Sight): AppError {
  return make('denied', failure, {
    message: `${asked.providerId} does not accept the key.`,
    hint: `Give a working one: openclaw models auth add ${asked.providerId}`,
  });
}

function forbidden({ failure, asked }: Sight): AppError {
  return make('denied', failure, {
    message: `${asked.providerId} does not allow this request.${said(failure)}`,
    hint: `The key may lack the right to use ${asked.model}; another one is given with: openclaw models auth add ${asked.providerId}`,
  });
}

function notFound({ failure, asked }: Sight): AppError {
  return make('not_found', failure, {
    message: `${asked.providerId} has no model "${asked.model}" at ${hostOf(asked.baseUrl)}.`,
    hint: 'Check the model id and the address: openclaw models list',
  });
}

function make(code: ErrorCode, failure: Failure, text: { message: string; hint: string }): AppError {
  const { retryAfterMs, message } = failure;
  return new AppError(code, text.message, {
    hint: text.hint,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    // The original error holds the whole request: only what was said is kept, for the log.
    ...(message === '' ? {} : { cause: new Error(message) }),
  });
}
