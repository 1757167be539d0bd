/** The frames of the gateway's WebSocket protocol: requests from the client, answers and events from here. JSON, one a message. */
import * as z from 'zod';
import type { ErrorCode } from '../../domain/errors.ts';
import type { ErrorAnswer } from '../answers.ts';

/** Spoken versions, the newest first. */
export const PROTOCOLS = [4, 3] as const;

/** Told to the client in `hello-ok`; bytes and milliseconds. */
export const POLICY = { maxPayload: 524_288, maxBufferedBytes: 1_572_864, tickIntervalMs: 30_000 } as const;

/** Close codes: RFC 6455 section 7.4.1 and the registry that it opens. */
export const CLOSE = { protocol: 1002, policy: 1008, tooLarge: 1009, restart: 1012 } as const;

export const requestFrame = z.object({
  type: z.literal('req'),
  id: z.string().min(1).max(200),
  method: z.string().min(1).max(100),
  params: z.unknown().optional(),
});

export type RequestFrame = z.output<typeof requestFrame>;

export interface FrameError {
  code: 'INVALID_REQUEST' | 'UNAVAILABLE';
  message: string;
  retryable?: boolean;
  retryAfterMs?: number;
}

export type AnswerFrame = { type: 'res'; id: string; ok: boolean; payload?: unknown; error?: FrameError };

const PASSING: ReadonlySet<ErrorCode | 'internal'> = new Set(['unavailable', 'limit', 'internal']);

export function frameError({ code, message, hint }: ErrorAnswer): FrameError {
  const text = hint ? `${message} ${hint}` : message;
  return PASSING.has(code) ? { code: 'UNAVAILABLE', message: text, retryable: true } : { code: 'INVALID_REQUEST', message: text };
}

export function eventFrame(event: string, payload: unknown, seq?: number): string {
  return JSON.stringify({ type: 'event', event, payload, ...(seq === undefined ? {} : { seq }) });
}

/** The first thing that is wrong with the parameters, as a path and a sentence. */
export function paramsError(method: string, error: z.ZodError): FrameError {
  const [issue] = error.issues;
  return {
    code: 'INVALID_REQUEST',
    message: `invalid ${method} params: at /${issue?.path.join('/') ?? ''}: ${issue?.message ?? ''}`,
  };
}
