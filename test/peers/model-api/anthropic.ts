/**
 * Owns the reading of POST /v1/messages: headers, roles, tool pairs, thinking, cache marks
 * (https://platform.claude.com/docs/en/api/messages, .../build-with-claude/extended-thinking, .../prompt-caching).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isObject, type Json } from '../wire/body.ts';
import { anthropicError, anthropicWhole, anthropicWriter, signature } from './anthropic-answer.ts';
import type { Format, Memory, ReadCall, Route } from './format.ts';
import { invalid, Refusal } from './refusal.ts';
import type { Part, ToolSchema, Turn } from './types.ts';

const KNOWN = new Set(
  (
    'model max_tokens messages system stream temperature top_p top_k stop_sequences metadata tools tool_choice thinking ' +
    'service_tier container mcp_servers context_management output_config output_format inference_geo cache_control'
  ).split(' '),
);
const MAX_CACHE_MARKS = 4;
const MIN_THINKING_TOKENS = 1024;

function read(body: Json, _route: Route, memory: Memory): ReadCall {
  for (const name of Object.keys(body)) if (!KNOWN.has(name)) throw invalid(`${name}: Extra inputs are not permitted`);
  const model = body['model'];
  if (typeof model !== 'string') throw invalid('model: Field required');
  const maxTokens = body['max_tokens'];
  if (typeof maxTokens !== 'number') throw invalid('max_tokens: Field required');
  if (maxTokens < 1) throw invalid('max_tokens: Input should be greater than or equal to 1');
  const thinking = readThinking(body, maxTokens);
  const reading: Reading = { memory, thinking, messages: [], open: new Map() };
  readMessages(body['messages'], reading);
  checkCacheMarks(body);
  const tools = readTools(body['tools']);
  return {
    model,
    stream: body['stream'] === true,
    system: readSystem(body['system']),
    messages: reading.messages,
    tools,
    thinking,
  };
}

function readThinking(body: Json, maxTokens: number): boolean {
  const thinking = body['thinking'];
  if (!isObject(thinking) || thinking['type'] === 'disabled') return false;
  if (thinking['type'] === 'adaptive') return true;
  const budget = thinking['budget_tokens'];
  if (typeof budget !== 'number') throw invalid('thinking.enabled.budget_tokens: Field required');
  if (budget < MIN_THINKING_TOKENS) {
    throw invalid(`thinking.enabled.budget_tokens: Input should be greater than or equal to ${MIN_THINKING_TOKENS}`);
  }
  if (budget >= maxTokens) throw invalid('`max_tokens` must be greater than `thinking.budget_tokens`.');
  if (body['temperature'] !== undefined && body['temperature'] !== 1) {
    throw invalid('`temperature` may only be set to 1 when thinking is enabled.');
  }
  return true;
}

function readSystem(system: unknown): string {
  if (system === undefined) return '';
  if (typeof system === 'string') return system;
  if (!Array.isArray(system)) throw invalid('system: Input should be a valid list');
  return system
    .map((block: unknown, index) => {
      if (!isObject(block) || block['type'] !== 'text') throw invalid(`system.${index}.type: Input should be 'text'`);
      if (block['text'] === '') throw invalid('system: text content blocks must be non-empty');
      return String(block['text']);
    })
    .join('\n');
}

function readTools(tools: unknown): ToolSchema[] {
  if (tools === undefined) return [];
  if (!Array.isArray(tools)) throw invalid('tools: Input should be a valid list');
  const names = new Set<unknown>();
  return tools.flatMap((tool: unknown, index) => {
    if (!isObject(tool)) throw invalid(`tools.${index}: Input should be a valid dictionary or object to extract fields from`);
    if (names.has(tool['name'])) throw invalid('tools: Tool names must be unique.');
    names.add(tool['name']);
    // The vendor's own tools carry a dated type; they are taken and not played.
    return tool['type'] === undefined || tool['type'] === 'custom' ? [readTool(tool, `tools.${index}.custom`)] : [];
  });
}

function readTool(tool: Json, at: string): ToolSchema {
  const { name, description, input_schema: schema } = tool;
  if (typeof name !== 'string') throw invalid(`${at}.name: Field required`);
  if (!/^[a-zA-Z0-9_-]{1,128}$/.test(name)) {
    throw invalid(`${at}.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`);
  }
  if (!isObject(schema)) throw invalid(`${at}.input_schema: Field required`);
  if (schema['type'] === undefined) throw invalid(`${at}.input_schema.type: Field required`);
  if (schema['type'] !== 'object') throw invalid(`${at}.input_schema.type: Input should be 'object'`);
  return { name, description: typeof description === 'string' ? description : '', schema };
}

interface Reading {
  memory: Memory;
  thinking: boolean;
  messages: Turn[];
  /** Tool uses of the message before: id to name. */
  open: Map<string, string>;
}

function readMessages(list: unknown, reading: Reading): void {
  if (list === undefined) throw invalid('messages: Field required');
  if (!Array.isArray(list) || list.length === 0) throw invalid('messages: at least one message is required');
  list.forEach((message: unknown, index) => {
    const at = `messages.${index}`;
    if (!isObject(message)) throw invalid(`${at}: Input should be a valid dictionary or object to extract fields from`);
    checkRole(message['role'], index, at);
    const blocks = blocksOf(message['content'], at);
    if (message['role'] === 'user') readUser(blocks, reading, index);
    else readAssistant(blocks, reading, at);
  });
  refuseOpen(reading, list.length - 1);
  if (reading.messages.at(-1)?.role === 'assistant') {
    throw invalid('This model does not support assistant message prefill. The conversation must end with a user message.');
  }
}

function checkRole(role: unknown, index: number, at: string): void {
  if (role === 'system') {
    throw invalid(
      'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as an input message role.',
    );
  }
  if (role !== 'user' && role !== 'assistant') throw invalid(`${at}.role: Input should be 'user' or 'assistant'`);
  if (index === 0 && role !== 'user') throw invalid('messages: first message must use the "user" role');
}

function blocksOf(content: unknown, at: string): Json[] {
  if (content === undefined) throw invalid(`${at}.content: Field required`);
  const blocks: unknown = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  if (!Array.isArray(blocks)) throw invalid(`${at}.content: Input should be a valid list`);
  return blocks.map((block: unknown, index) => {
    if (!isObject(block)) throw invalid(`${at}.content.${index}: Input should be a valid dictionary`);
    if (block['type'] === 'text' && !String(block['text'] ?? '').trim()) {
      throw invalid('messages: text content blocks must be non-empty');
    }
    return block;
  });
}

function refuseOpen({ open }: Reading, index: number): void {
  if (open.size === 0) return;
  const ids = [...open.keys()].join(', ');
  throw invalid(
    `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids}. ` +
      'Each `tool_use` block must have a corresponding `tool_result` block in the next message.',
  );
}

function readUser(blocks: Json[], reading: Reading, index: number): void {
  if (blocks.length === 0) throw invalid(`messages.${index}: user messages must have non-empty content`);
  const results: Part[] = [];
  const said: Part[] = [];
  blocks.forEach((block, blockIndex) => {
    const at = `messages.${index}.content.${blockIndex}`;
    if (block['type'] !== 'tool_result') {
      // Results come first; what stands before them counts as the answer to the calls, and there is none.
      refuseOpen(reading, index - 1);
      said.push(userPart(block, at));
    } else results.push(resultPart(block, reading, at));
  });
  refuseOpen(reading, index - 1);
  if (results.length > 0) reading.messages.push({ role: 'tool', parts: results });
  if (said.length > 0) reading.messages.push({ role: 'user', parts: said });
}

function userPart(block: Json, at: string): Part {
  if (block['type'] === 'text') return { type: 'text', text: String(block['text']) };
  const source = block['source'];
  if (block['type'] === 'image' && isObject(source)) {
    if (source['type'] !== 'base64') return { type: 'image', mimeType: 'url', bytes: 0 };
    const data = String(source['data'] ?? '');
    return { type: 'image', mimeType: String(source['media_type']), bytes: Math.floor((data.length * 3) / 4) };
  }
  throw invalid(`${at}: Input tag '${String(block['type'])}' found using 'type' does not match any of the expected tags`);
}

function resultPart(block: Json, { open }: Reading, at: string): Part {
  const id = String(block['tool_use_id']);
  const name = open.get(id);
  if (name === undefined) {
    throw invalid(
      `${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. ` +
        'Each `tool_result` block must have a corresponding `tool_use` block in the previous message.',
    );
  }
  open.delete(id);
  const content = block['content'];
  const parts = content === undefined || content === '' ? [] : blocksOf(content, at).map((part) => userPart(part, at));
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
  return { type: 'result', id, name, text, isError: block['is_error'] === true };
}

function readAssistant(blocks: Json[], reading: Reading, at: string): void {
  refuseOpen(reading, reading.messages.length - 1);
  if (blocks.length === 0)
    throw invalid(`${at}: all messages must have non-empty content except for the optional final assistant message`);
  const parts = blocks.map((block, index) => assistantPart(block, `${at}.content.${index}`));
  const calls = parts.filter((part) => part.type === 'call');
  checkThinkingFirst(parts, reading, at);
  for (const call of calls) reading.open.set(call.id, call.name);
  reading.messages.push({ role: 'assistant', parts });
}

/** Calls that the model made after thinking come back only together with that thinking. */
function checkThinkingFirst(parts: Part[], { memory, thinking }: Reading, at: string): void {
  const first = parts[0];
  if (!thinking || first === undefined || first.type === 'reasoning') return;
  const call = parts.find((part) => part.type === 'call' && memory.reasoned.has(part.id));
  if (call === undefined) return;
  throw invalid(
    `${at}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first.type === 'call' ? 'tool_use' : 'text'}\`. ` +
      'When `thinking` is enabled, a final `assistant` message must start with a thinking block.',
  );
}

function assistantPart(block: Json, at: string): Part {
  switch (block['type']) {
    case 'text':
      return { type: 'text', text: String(block['text']) };
    case 'redacted_thinking':
      return { type: 'reasoning', text: '' };
    case 'thinking': {
      const text = String(block['thinking']);
      if (block['signature'] !== signature(text)) throw invalid(`${at}: Invalid \`signature\` in \`thinking\` block`);
      return { type: 'reasoning', text };
    }
    case 'tool_use':
      return usePart(block, at);
    default:
      throw invalid(`${at}: Input tag '${String(block['type'])}' found using 'type' does not match any of the expected tags`);
  }
}

function usePart({ id, name, input }: Json, at: string): Part {
  if (typeof id !== 'string' || !/^[a-zA-Z0-9_-]+$/.test(id)) {
    throw invalid(`${at}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`);
  }
  if (typeof name !== 'string') throw invalid(`${at}.tool_use.name: Field required`);
  if (!isObject(input)) throw invalid(`${at}.tool_use.input: Input should be a valid dictionary`);
  return { type: 'call', id, name, input };
}

function checkCacheMarks(body: Json): void {
  const marks = countMarks(body['system']) + countMarks(body['tools']) + countMarks(body['messages']);
  if (marks > MAX_CACHE_MARKS) {
    throw invalid(`A maximum of ${MAX_CACHE_MARKS} blocks with cache_control may be provided. Found ${marks}.`);
  }
}

function countMarks(value: unknown): number {
  if (!Array.isArray(value)) return 0;
  let marks = 0;
  for (const block of value as unknown[]) {
    if (!isObject(block)) continue;
    if (isObject(block['cache_control'])) marks += 1;
    marks += countMarks(block['content']);
  }
  return marks;
}

function key(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['x-api-key'];
  if (typeof given === 'string') return given;
  // A login's token instead of a key; the vendor wants to be told that it is one.
  const login = String(headers['anthropic-beta'] ?? '').includes('oauth');
  return login ? /^Bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1] : undefined;
}

export const anthropic: Format = {
  name: 'anthropic',
  route: (path) => (path === '/v1/messages' ? {} : undefined),
  key,
  keyRefusal: (given) => new Refusal(401, given === undefined ? 'x-api-key header is required' : 'invalid x-api-key'),
  checkHeaders(headers) {
    if (headers['anthropic-version'] === undefined) throw invalid('anthropic-version: header is required');
  },
  read,
  contentType: 'text/event-stream; charset=utf-8',
  writer: anthropicWriter,
  whole: anthropicWhole,
  overflow: (tokens, limit) => invalid(`prompt is too long: ${tokens} tokens > ${limit} maximum`),
  error: anthropicError,
  callId: (number) => `toolu_peer${number}`,
};
