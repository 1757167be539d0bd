/** Errors as clients of the OpenAI API read them: https://platform.openai.com/docs/guides/error-codes */
import type { ErrorAnswer } from '../answers.ts';

export interface OpenAiError {
  error: { message: string; type: string; param: null; code: string };
}

export function openAiError({ status, code, message, hint }: ErrorAnswer): OpenAiError {
  const kind = status === 429 ? 'rate_limit_error' : status < 500 ? 'invalid_request_error' : 'server_error';
  return { error: { message: hint ? `${message} ${hint}` : message, type: kind, param: null, code } };
}
