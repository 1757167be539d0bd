/** What the OpenAI-compatible endpoints share: reading a request, the run that it asks for, and what of its end is an answer. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type * as z from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { SubmissionEnd } from '../../gateway/submissions.ts';
import { readJson } from '../answers.ts';
import type { RunRequest } from '../run.ts';
import type { OpenAiParts } from './index.ts';
import { agentOf, sessionKeyOf, textOf, type ChatRequest } from './request.ts';

/** A comment now and then keeps proxies from closing a stream that works in silence. */
export const KEEP_ALIVE_MS = 15_000;

export const EVENT_STREAM = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const;

/** Rejects with AppError `invalid` that names the first fault. */
export async function readAs<Schema extends z.ZodType>(schema: Schema, request: IncomingMessage): Promise<z.output<Schema>> {
  const parsed = schema.safeParse(await readJson(request));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError('invalid', `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'is not as expected'}.`);
}

/** The run; it stops when the client goes away. AppError `not_found` for a model that is no agent, `invalid` without words. */
export function runOf(
  parts: OpenAiParts,
  asked: Pick<ChatRequest, 'model' | 'messages' | 'user'>,
  response: ServerResponse,
): RunRequest {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const agentId = agentOf(asked.model, { all: parts.agentIds(), main: parts.settings.routing().defaultAgentId });
  return {
    agentId,
    sessionKey: sessionKeyOf(agentId, asked.user, randomUUID()),
    text: textOf(asked),
    origin: 'OpenAI-compatible API',
    signal: gone.signal,
  };
}

/** AppError `unavailable` where the agent has no answer to give. */
export function answerOf({ state, text, reason }: SubmissionEnd): string {
  if (state === 'done' || (state === 'stopped' && text !== '')) return text;
  throw new AppError('unavailable', text === '' ? `The run ended without an answer: ${reason ?? state}.` : text);
}
