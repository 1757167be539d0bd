/**
 * Owns the wire of POST /v1/responses (https://platform.openai.com/docs/api-reference/responses, .../responses-streaming).
 * Nothing is stored: a request that refers to an earlier answer by id is told that it is not found.
 */
import { isObject, type Json } from '../wire/body.ts';
import { type Format, type Memory, type ReadCall, type Route } from './format.ts';
import { bearerKey, imagePart, openAiError, openAiKeyRefusal, parseArguments, readFunction, requireModel } from './openai.ts';
import { invalid, Refusal } from './refusal.ts';
import { responsesWhole, responsesWriter, SEAL } from './responses-answer.ts';
import type { Part, ToolSchema, Turn } from './types.ts';

const KNOWN = new Set(
  (
    'background conversation include input instructions max_output_tokens max_tool_calls metadata model ' +
    'parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_retention reasoning ' +
    'safety_identifier service_tier store stream stream_options temperature text tool_choice tools top_logprobs ' +
    'top_p truncation user context_management'
  ).split(' '),
);
const MIN_OUTPUT_TOKENS = 16;

function read(body: Json, _route: Route, memory: Memory): ReadCall {
  const model = requireModel(body);
  for (const name of Object.keys(body)) {
    if (!KNOWN.has(name)) throw invalid(`Unknown parameter: '${name}'.`, name, 'unknown_parameter');
  }
  checkLimits(body);
  const input = readInput(body['input'], { memory, stored: body['store'] !== false });
  const instructions = typeof body['instructions'] === 'string' ? [body['instructions']] : [];
  return {
    model,
    stream: body['stream'] === true,
    system: [...instructions, ...input.system].join('\n'),
    messages: input.messages,
    tools: readTools(body['tools']),
    thinking: isObject(body['reasoning']),
  };
}

function checkLimits(body: Json): void {
  const id = body['previous_response_id'];
  if (typeof id === 'string') {
    const why = `Previous response with id '${id}' not found.`;
    throw invalid(why, 'previous_response_id', 'previous_response_not_found');
  }
  const most = body['max_output_tokens'];
  if (typeof most === 'number' && most < MIN_OUTPUT_TOKENS) {
    const why = `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= ${MIN_OUTPUT_TOKENS}, but got ${most} instead.`;
    throw invalid(why, 'max_output_tokens', 'integer_below_min_value');
  }
}

function readTools(tools: unknown): ToolSchema[] {
  if (tools === undefined) return [];
  if (!Array.isArray(tools)) throw invalid("Invalid type for 'tools': expected an array.", 'tools', 'invalid_type');
  // The vendor's own tools (web search and the like) are taken and not played.
  return tools.flatMap((tool: unknown, index) =>
    isObject(tool) && tool['type'] === 'function' ? [readFunction(tool, `tools[${index}]`)] : [],
  );
}

interface Reading {
  memory: Memory;
  stored: boolean;
}

interface Input {
  system: string[];
  messages: Turn[];
  /** Calls without a result so far: id to name. */
  open: Map<string, string>;
  /** The item before, when it was reasoning. */
  reasoningId: string | undefined;
}

function readInput(given: unknown, reading: Reading): Input {
  const input: Input = { system: [], messages: [], open: new Map(), reasoningId: undefined };
  if (typeof given === 'string') {
    input.messages.push({ role: 'user', parts: [{ type: 'text', text: given }] });
    return input;
  }
  if (!Array.isArray(given) || given.length === 0) {
    throw invalid(
      "Missing required parameter: one of 'input', 'previous_response_id', 'prompt' or 'conversation' must be provided.",
      'input',
      'missing_required_parameter',
    );
  }
  given.forEach((item: unknown, index) => readItem(input, item, { ...reading, at: `input[${index}]` }));
  if (input.reasoningId !== undefined) throw withoutFollower(input.reasoningId);
  const [unanswered] = input.open.keys();
  if (unanswered !== undefined) throw invalid(`No tool output found for function call ${unanswered}.`, 'input');
  return input;
}

function withoutFollower(id: string): Refusal {
  return invalid(`Item '${id}' of type 'reasoning' was provided without its required following item.`, 'input');
}

type Place = Reading & { at: string };

function readItem(input: Input, item: unknown, place: Place): void {
  if (!isObject(item)) throw invalid(`Invalid type for '${place.at}': expected an object.`, place.at, 'invalid_type');
  const type = item['type'] ?? 'message';
  if (type === 'reasoning') return readReasoning(input, item, place);
  if (type === 'item_reference') throw notStored(String(item['id']));
  const reasoningBefore = input.reasoningId;
  input.reasoningId = undefined;
  if (type === 'function_call_output') {
    if (reasoningBefore !== undefined) throw withoutFollower(reasoningBefore);
    return readResult(input, item, place);
  }
  if (type === 'function_call') return readCallItem(input, item, { ...place, reasoningBefore });
  if (type === 'message') return readMessage(input, item, place);
  const why = `Invalid value: '${String(type)}'. Supported values are: 'message', 'function_call', 'function_call_output', 'reasoning' and 'item_reference'.`;
  throw invalid(why, place.at, 'invalid_value');
}

function notStored(id: string): Refusal {
  const why = `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`;
  return new Refusal(404, why, { param: 'input' });
}

function readReasoning(input: Input, item: Json, { at }: Place): void {
  const id = item['id'];
  if (typeof id === 'string' && !id.startsWith('rs_')) throw wrongId(at, id, 'rs');
  const sealed = item['encrypted_content'];
  if (typeof sealed !== 'string') throw notStored(String(id));
  if (!sealed.startsWith(SEAL)) {
    const why = `The encrypted content for item ${String(id)} could not be verified. Reason: Encrypted content could not be decrypted or parsed.`;
    throw invalid(why, undefined, 'invalid_encrypted_content');
  }
  if (input.reasoningId !== undefined) throw withoutFollower(input.reasoningId);
  input.reasoningId = String(id);
  const summary = Array.isArray(item['summary']) ? item['summary'] : [];
  const text = summary.map((part: unknown) => (isObject(part) ? String(part['text']) : '')).join('');
  assistantPart(input, { type: 'reasoning', text });
}

function wrongId(at: string, id: string, prefix: string): Refusal {
  return invalid(`Invalid '${at}.id': '${id}'. Expected an ID that begins with '${prefix}'.`, `${at}.id`, 'invalid_value');
}

/** The assistant's items stand alone on this wire; for a script they are one turn. */
function assistantPart(input: Input, part: Part): void {
  const last = input.messages.at(-1);
  if (last?.role === 'assistant') last.parts.push(part);
  else input.messages.push({ role: 'assistant', parts: [part] });
}

function readCallItem(input: Input, item: Json, place: Place & { reasoningBefore: string | undefined }): void {
  const { call_id: callId, id, name, arguments: json } = item;
  if (typeof callId !== 'string' || typeof name !== 'string' || typeof json !== 'string') {
    throw invalid(`Missing required parameter: '${place.at}.call_id'.`, `${place.at}.call_id`, 'missing_required_parameter');
  }
  if (typeof id === 'string') {
    if (!id.startsWith('fc')) throw wrongId(place.at, id, 'fc');
    // Only an item that is named by its id is checked against what the model did before it.
    const alone = place.reasoningBefore === undefined && !input.messages.at(-1)?.parts.some((part) => part.type === 'reasoning');
    if (alone && place.memory.reasoned.has(callId)) {
      throw invalid(`Item '${id}' of type 'function_call' was provided without its required 'reasoning' item.`, 'input');
    }
  }
  input.open.set(callId, name);
  assistantPart(input, { type: 'call', id: callId, name, input: parseArguments(json) });
}

function readResult(input: Input, item: Json, { at }: Place): void {
  const callId = String(item['call_id']);
  const name = input.open.get(callId);
  if (name === undefined) throw invalid(`No tool call found for function call output with call_id ${callId}.`, 'input');
  input.open.delete(callId);
  const output = item['output'];
  if (output === undefined)
    throw invalid(`Missing required parameter: '${at}.output'.`, `${at}.output`, 'missing_required_parameter');
  const text = typeof output === 'string' ? output : textOf(contentParts(output, `${at}.output`));
  input.messages.push({ role: 'tool', parts: [{ type: 'result', id: callId, name, text, isError: false }] });
}

function readMessage(input: Input, item: Json, { at }: Place): void {
  const role = item['role'];
  const parts = contentParts(item['content'], `${at}.content`);
  if (role === 'user') input.messages.push({ role, parts });
  else if (role === 'assistant') for (const part of parts) assistantPart(input, part);
  else if (role === 'system' || role === 'developer') input.system.push(textOf(parts));
  else {
    const why = `Invalid value: '${String(role)}'. Supported values are: 'assistant', 'system', 'developer', and 'user'.`;
    throw invalid(why, `${at}.role`, 'invalid_value');
  }
}

function contentParts(content: unknown, at: string): Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw invalid(`Invalid type for '${at}'.`, at, 'invalid_type');
  return content.map((part: unknown, index) => contentPart(part, `${at}[${index}]`));
}

function contentPart(part: unknown, at: string): Part {
  const type = isObject(part) ? part['type'] : undefined;
  if (isObject(part) && (type === 'input_text' || type === 'output_text')) return { type: 'text', text: String(part['text']) };
  if (isObject(part) && type === 'input_image') return imagePart(String(part['image_url']));
  if (isObject(part) && type === 'refusal') return { type: 'text', text: String(part['refusal']) };
  const why = `Invalid value: '${String(type)}'. Supported values are: 'input_text', 'input_image', 'output_text', 'refusal', 'input_file', 'computer_screenshot', and 'summary_text'.`;
  throw invalid(why, at, 'invalid_value');
}

function textOf(parts: Part[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

export const responses: Format = {
  name: 'openai-responses',
  route: (path) => (path === '/v1/responses' ? {} : undefined),
  key: bearerKey,
  keyRefusal: openAiKeyRefusal,
  read,
  contentType: 'text/event-stream; charset=utf-8',
  writer: responsesWriter,
  whole: responsesWhole,
  overflow: () =>
    invalid(
      'Your input exceeds the context window of this model. Please adjust your input and try again.',
      'input',
      'context_length_exceeded',
    ),
  error: openAiError,
  callId: (number) => `call_peer${number}`,
};
