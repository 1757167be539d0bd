/**
 * Owns the answers of POST /v1/responses: items that open, grow and close, each event with its number.
 */
import type { Json } from '../wire/body.ts';
import { event, type StreamWriter } from './format.ts';
import { openAiErrorObject } from './openai.ts';
import type { Ending, ModelCall, TokenUsage, WholeAnswer } from './types.ts';

/** Marks reasoning that this peer sealed; anything else is refused when it comes back. */
export const SEAL = 'gAAAAApeer';

function seal(reasoning: string): string {
  return SEAL + Buffer.from(reasoning).toString('base64url');
}

function usageOf(usage: TokenUsage): Json {
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cacheRead },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
  };
}

function shell(call: ModelCall, answerNumber: number): Json {
  const { body } = call;
  return {
    id: `resp_peer${answerNumber}`,
    object: 'response',
    created_at: Math.floor(call.at / 1000),
    status: 'in_progress',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: body['instructions'] ?? null,
    max_output_tokens: body['max_output_tokens'] ?? null,
    metadata: {},
    model: call.model,
    output: [],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: body['reasoning'] ?? { effort: null, summary: null },
    service_tier: 'default',
    store: body['store'] ?? true,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: body['tool_choice'] ?? 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage: null,
  };
}

function finished(base: Json, result: { output: Json[]; ending: Ending; usage: TokenUsage }): Json {
  const cut = result.ending === 'length' || result.ending === 'refused';
  const reason = result.ending === 'length' ? 'max_output_tokens' : 'content_filter';
  return {
    ...base,
    status: cut ? 'incomplete' : 'completed',
    incomplete_details: cut ? { reason } : null,
    output: result.output,
    usage: usageOf(result.usage),
  };
}

function wantsSeal(call: ModelCall): boolean {
  const include = call.body['include'];
  return Array.isArray(include) && include.includes('reasoning.encrypted_content');
}

function reasoningItem(call: ModelCall, id: string, text: string): Json {
  const item: Json = { id, type: 'reasoning', summary: [{ type: 'summary_text', text }] };
  if (wantsSeal(call)) item['encrypted_content'] = seal(text);
  return item;
}

function messageItem(id: string, text: string, status: string): Json {
  const content = status === 'completed' ? [{ type: 'output_text', annotations: [], logprobs: [], text }] : [];
  return { id, type: 'message', status, role: 'assistant', content };
}

interface CallItem {
  itemId: string;
  id: string;
  name: string;
  json: string;
  status: string;
}

function callItem({ itemId, id, name, json, status }: CallItem): Json {
  return { id: itemId, type: 'function_call', status, call_id: id, name, arguments: json };
}

/** An item that is still growing. */
interface Growing {
  kind: 'text' | 'reasoning';
  id: string;
  text: string;
}

interface Stream {
  readonly call: ModelCall;
  readonly base: Json;
  readonly answerNumber: number;
  readonly output: Json[];
  growing: Growing | undefined;
  /** The number of the next event. */
  sequence: number;
}

function emit(stream: Stream, type: string, fields: Json): string {
  const text = event({ type, sequence_number: stream.sequence, ...fields }, type);
  stream.sequence += 1;
  return text;
}

/** The pieces of text go to a message item, those of reasoning to a reasoning item's summary. */
function grow(stream: Stream, kind: Growing['kind'], piece: string): string {
  let events = '';
  if (stream.growing?.kind !== kind) events = close(stream) + open(stream, kind);
  const growing = stream.growing as Growing;
  growing.text += piece;
  const where = { item_id: growing.id, output_index: stream.output.length };
  if (kind === 'reasoning') {
    return events + emit(stream, 'response.reasoning_summary_text.delta', { ...where, summary_index: 0, delta: piece });
  }
  return events + emit(stream, 'response.output_text.delta', { ...where, content_index: 0, delta: piece, logprobs: [] });
}

function open(stream: Stream, kind: Growing['kind']): string {
  const id = `${kind === 'text' ? 'msg' : 'rs'}_peer${stream.answerNumber}_${stream.output.length}`;
  stream.growing = { kind, id, text: '' };
  const output_index = stream.output.length;
  if (kind === 'reasoning') {
    const item: Json = { id, type: 'reasoning', summary: [] };
    if (wantsSeal(stream.call)) item['encrypted_content'] = seal('');
    const part = { type: 'summary_text', text: '' };
    const added = { item_id: id, output_index, summary_index: 0, part };
    return (
      emit(stream, 'response.output_item.added', { output_index, item }) +
      emit(stream, 'response.reasoning_summary_part.added', added)
    );
  }
  const part = { type: 'output_text', annotations: [], logprobs: [], text: '' };
  return (
    emit(stream, 'response.output_item.added', { output_index, item: messageItem(id, '', 'in_progress') }) +
    emit(stream, 'response.content_part.added', { item_id: id, output_index, content_index: 0, part })
  );
}

function close(stream: Stream): string {
  const growing = stream.growing;
  if (growing === undefined) return '';
  stream.growing = undefined;
  const { id, text } = growing;
  const output_index = stream.output.length;
  if (growing.kind === 'reasoning') {
    const item = reasoningItem(stream.call, id, text);
    stream.output.push(item);
    const where = { item_id: id, output_index, summary_index: 0 };
    return (
      emit(stream, 'response.reasoning_summary_text.done', { ...where, text }) +
      emit(stream, 'response.reasoning_summary_part.done', { ...where, part: { type: 'summary_text', text } }) +
      emit(stream, 'response.output_item.done', { output_index, item })
    );
  }
  const item = messageItem(id, text, 'completed');
  stream.output.push(item);
  const where = { item_id: id, output_index, content_index: 0 };
  const part = { type: 'output_text', annotations: [], logprobs: [], text };
  return (
    emit(stream, 'response.output_text.done', { ...where, text, logprobs: [] }) +
    emit(stream, 'response.content_part.done', { ...where, part }) +
    emit(stream, 'response.output_item.done', { output_index, item })
  );
}

function callEvents(stream: Stream, call: { id: string; name: string }, pieces: string[]): string {
  const before = close(stream);
  const output_index = stream.output.length;
  const itemId = `fc_peer${stream.answerNumber}_${output_index}`;
  const json = pieces.join('');
  const started = callItem({ ...call, itemId, json: '', status: 'in_progress' });
  const item = callItem({ ...call, itemId, json, status: 'completed' });
  let events = before + emit(stream, 'response.output_item.added', { output_index, item: started });
  for (const delta of pieces) {
    events += emit(stream, 'response.function_call_arguments.delta', { item_id: itemId, output_index, delta });
  }
  stream.output.push(item);
  const done = { item_id: itemId, output_index, name: call.name, arguments: json };
  return (
    events +
    emit(stream, 'response.function_call_arguments.done', done) +
    emit(stream, 'response.output_item.done', { output_index, item })
  );
}

export function responsesWriter(call: ModelCall, answerNumber: number): StreamWriter {
  const base = shell(call, answerNumber);
  const stream: Stream = { call, base, answerNumber, output: [], growing: undefined, sequence: 0 };
  return {
    begin: () => emit(stream, 'response.created', { response: base }) + emit(stream, 'response.in_progress', { response: base }),
    text: (piece) => grow(stream, 'text', piece),
    reasoning: (piece) => grow(stream, 'reasoning', piece),
    call: (made, pieces) => callEvents(stream, made, pieces),
    ping: () => event({ type: 'keepalive', sequence_number: stream.sequence }, 'keepalive'),
    error(refusal) {
      const { message, code } = openAiErrorObject(refusal);
      const failed = { ...base, status: 'failed', error: { code: code ?? 'server_error', message } };
      return emit(stream, 'response.failed', { response: failed });
    },
    end(ending, usage) {
      const before = close(stream);
      const response = finished(base, { output: stream.output, ending, usage });
      return before + emit(stream, `response.${String(response['status'])}`, { response });
    },
  };
}

export function responsesWhole(call: ModelCall, answer: WholeAnswer, answerNumber: number): Json {
  const output: Json[] = [];
  if (answer.reasoning !== '') output.push(reasoningItem(call, `rs_peer${answerNumber}_0`, answer.reasoning));
  if (answer.text !== '') output.push(messageItem(`msg_peer${answerNumber}_${output.length}`, answer.text, 'completed'));
  for (const made of answer.calls) {
    const itemId = `fc_peer${answerNumber}_${output.length}`;
    output.push(callItem({ ...made, itemId, status: 'completed' }));
  }
  return finished(shell(call, answerNumber), { output, ending: answer.ending, usage: answer.usage });
}
