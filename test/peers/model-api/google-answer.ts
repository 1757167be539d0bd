/**
 * Owns the answers of generateContent: chunks that are whole answers in small, and Google's error body
 * (https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse, https://cloud.google.com/apis/design/errors).
 */
import { createHash } from 'node:crypto';
import type { Json } from '../wire/body.ts';
import { event as unixEvent, type ErrorAnswer, type StreamWriter } from './format.ts';
import type { Refusal } from './refusal.ts';
import type { Ending, ModelCall, TokenUsage, WholeAnswer } from './types.ts';

const ENDINGS: Record<Ending, string> = { stop: 'STOP', calls: 'STOP', length: 'MAX_TOKENS', refused: 'SAFETY' };

const STATUSES: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** This vendor ends its lines with CR LF. */
function event(data: Json): string {
  return unixEvent(data).replaceAll('\n', '\r\n');
}

const SIGNED = 'EpeerSignature';

function sign(text: string): string {
  return SIGNED + createHash('sha256').update(text).digest('base64url');
}

export function isSignature(given: unknown): boolean {
  return typeof given === 'string' && given.startsWith(SIGNED);
}

function errorObject(refusal: Refusal): Json {
  const details: Json[] = [];
  if (refusal.detail.code !== undefined) {
    const reason = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: refusal.detail.code };
    details.push({ ...reason, domain: 'googleapis.com', metadata: { service: 'generativelanguage.googleapis.com' } });
  }
  if (refusal.detail.retryAfterSeconds !== undefined) {
    const retryDelay = `${refusal.detail.retryAfterSeconds}s`;
    details.push({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay });
  }
  const error: Json = { code: refusal.status, message: refusal.message, status: STATUSES[refusal.status] ?? 'UNKNOWN' };
  if (details.length > 0) error['details'] = details;
  return { error };
}

/** The delay of a 429 stands in the body, not in a header. */
export function googleError(refusal: Refusal): ErrorAnswer {
  return { body: errorObject(refusal), headers: {} };
}

function usageOf(usage: TokenUsage): Json {
  const metadata: Json = {
    promptTokenCount: usage.input,
    candidatesTokenCount: usage.output - usage.reasoning,
    totalTokenCount: usage.input + usage.output,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: usage.input }],
  };
  if (usage.cacheRead > 0) metadata['cachedContentTokenCount'] = usage.cacheRead;
  if (usage.reasoning > 0) metadata['thoughtsTokenCount'] = usage.reasoning;
  return metadata;
}

function answer(call: ModelCall, answerNumber: number, content: { parts: Json[]; finish?: string; usage?: Json }): Json {
  const candidate: Json = { content: { parts: content.parts, role: 'model' }, index: 0 };
  if (content.finish !== undefined) candidate['finishReason'] = content.finish;
  const shown: Json = { candidates: [candidate] };
  if (content.usage !== undefined) shown['usageMetadata'] = content.usage;
  return { ...shown, modelVersion: call.model, responseId: `peer${answerNumber}` };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // This wire has no place for broken JSON; the closest that a model comes to it is an odd argument.
    return { raw: json };
  }
}

function callPart(call: { id: string; name: string; json: string }, first: boolean): Json {
  const part: Json = { functionCall: { name: call.name, args: parsed(call.json), id: call.id } };
  if (first) part['thoughtSignature'] = sign(call.json);
  return part;
}

export function googleWriter(call: ModelCall, answerNumber: number): StreamWriter {
  let calls = 0;
  let begun: Json = {};
  const chunk = (part: Json): string => event(answer(call, answerNumber, { parts: [part], usage: begun }));
  return {
    begin(usage) {
      begun = { promptTokenCount: usage.input, totalTokenCount: usage.input };
      return '';
    },
    text: (piece) => chunk({ text: piece }),
    reasoning: (piece) => chunk({ text: piece, thought: true }),
    // Arguments come whole; only the first call of an answer is signed.
    call({ id, name }, pieces) {
      calls += 1;
      return chunk(callPart({ id, name, json: pieces.join('') }, calls === 1));
    },
    ping: () => '',
    error: (refusal) => event(errorObject(refusal)),
    end(ending, usage) {
      const last = calls === 0 ? { text: '', thoughtSignature: sign(String(answerNumber)) } : { text: '' };
      return event(answer(call, answerNumber, { parts: [last], finish: ENDINGS[ending], usage: usageOf(usage) }));
    },
  };
}

export function googleWhole(call: ModelCall, whole: WholeAnswer, answerNumber: number): Json {
  const parts: Json[] = [];
  if (whole.reasoning !== '') parts.push({ text: whole.reasoning, thought: true });
  if (whole.text !== '' || whole.calls.length === 0) parts.push({ text: whole.text });
  whole.calls.forEach((made, index) => parts.push(callPart(made, index === 0)));
  return answer(call, answerNumber, { parts, finish: ENDINGS[whole.ending], usage: usageOf(whole.usage) });
}
