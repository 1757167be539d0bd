/**
 * Owns the answers of POST /v1/messages: content blocks that open, grow and close, and the vendor's errors
 * (https://platform.claude.com/docs/en/build-with-claude/streaming, .../api/errors).
 */
import { createHash } from 'node:crypto';
import type { Json } from '../wire/body.ts';
import { event, type ErrorAnswer, type StreamWriter } from './format.ts';
import type { Refusal } from './refusal.ts';
import type { Ending, ModelCall, TokenUsage, WholeAnswer } from './types.ts';

const ENDINGS: Record<Ending, string> = { stop: 'end_turn', calls: 'tool_use', length: 'max_tokens', refused: 'refusal' };

const ERROR_TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** Proves that a thinking block is the peer's own, word for word. */
export function signature(thinking: string): string {
  return `peer${createHash('sha256').update(thinking).digest('base64')}`;
}

function errorObject(refusal: Refusal): Json {
  return { type: ERROR_TYPES[refusal.status] ?? 'api_error', message: refusal.message };
}

export function anthropicError(refusal: Refusal): ErrorAnswer {
  const seconds = refusal.detail.retryAfterSeconds;
  const headers: Record<string, string> = { 'request-id': 'req_peer' };
  if (seconds !== undefined) headers['retry-after'] = String(Math.ceil(seconds));
  return { body: { type: 'error', error: errorObject(refusal), request_id: 'req_peer' }, headers };
}

/** What was read from or written to the cache is not counted as input a second time. */
function usageOf(usage: TokenUsage, output: number): Json {
  return {
    input_tokens: usage.input - usage.cacheRead - usage.cacheWrite,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite, ephemeral_1h_input_tokens: 0 },
    output_tokens: output,
    service_tier: 'standard',
  };
}

function shell(call: ModelCall, answerNumber: number): Json {
  return { id: `msg_peer${answerNumber}`, type: 'message', role: 'assistant', model: call.model };
}

function send(type: string, fields: Json): string {
  return event({ type, ...fields }, type);
}

interface Blocks {
  index: number;
  open: 'text' | 'thinking' | undefined;
  thinking: string;
}

function delta(blocks: Blocks, change: Json): string {
  return send('content_block_delta', { index: blocks.index, delta: change });
}

function start(blocks: Blocks, block: Json): string {
  const first = blocks.index === 0 ? send('ping', {}) : '';
  return send('content_block_start', { index: blocks.index, content_block: block }) + first;
}

function stop(blocks: Blocks): string {
  const sealed =
    blocks.open === 'thinking' ? delta(blocks, { type: 'signature_delta', signature: signature(blocks.thinking) }) : '';
  const text = sealed + send('content_block_stop', { index: blocks.index });
  blocks.index += 1;
  blocks.open = undefined;
  blocks.thinking = '';
  return text;
}

function switchTo(blocks: Blocks, kind: 'text' | 'thinking'): string {
  if (blocks.open === kind) return '';
  const before = blocks.open === undefined ? '' : stop(blocks);
  const block = kind === 'text' ? { type: 'text', text: '' } : { type: 'thinking', thinking: '', signature: '' };
  const text = before + start(blocks, block);
  blocks.open = kind;
  return text;
}

export function anthropicWriter(call: ModelCall, answerNumber: number): StreamWriter {
  const blocks: Blocks = { index: 0, open: undefined, thinking: '' };
  return {
    begin(usage) {
      const message = {
        ...shell(call, answerNumber),
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: usageOf(usage, 1),
      };
      return send('message_start', { message });
    },
    text: (piece) => switchTo(blocks, 'text') + delta(blocks, { type: 'text_delta', text: piece }),
    reasoning(piece) {
      const before = switchTo(blocks, 'thinking');
      blocks.thinking += piece;
      return before + delta(blocks, { type: 'thinking_delta', thinking: piece });
    },
    call({ id, name }, pieces) {
      const before = blocks.open === undefined ? '' : stop(blocks);
      const opened = start(blocks, { type: 'tool_use', id, name, input: {} });
      // The vendor sends an empty piece first, and no further one for a call without arguments.
      const shown = ['', ...(pieces.join('') === '{}' ? [] : pieces)];
      const grown = shown.map((piece) => delta(blocks, { type: 'input_json_delta', partial_json: piece })).join('');
      return before + opened + grown + stop(blocks);
    },
    ping: () => send('ping', {}),
    error: (refusal) => send('error', { error: errorObject(refusal) }),
    end(ending, usage) {
      const before = blocks.open === undefined ? '' : stop(blocks);
      const change = { stop_reason: ENDINGS[ending], stop_sequence: null };
      return before + send('message_delta', { delta: change, usage: usageOf(usage, usage.output) }) + send('message_stop', {});
    },
  };
}

export function anthropicWhole(call: ModelCall, answer: WholeAnswer, answerNumber: number): Json {
  const content: Json[] = [];
  if (answer.reasoning !== '') {
    content.push({ type: 'thinking', thinking: answer.reasoning, signature: signature(answer.reasoning) });
  }
  if (answer.text !== '') content.push({ type: 'text', text: answer.text });
  for (const { id, name, json } of answer.calls) content.push({ type: 'tool_use', id, name, input: JSON.parse(json) });
  return {
    ...shell(call, answerNumber),
    content,
    stop_reason: ENDINGS[answer.ending],
    stop_sequence: null,
    usage: usageOf(answer.usage, answer.usage.output),
  };
}
