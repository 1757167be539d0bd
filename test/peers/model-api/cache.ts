/**
 * Owns the vendors' prompt caches, so that a test can see whether a prompt is stable: Anthropic's by its marks
 * (https://platform.claude.com/docs/en/build-with-claude/prompt-caching), OpenAI's and Google's by the common beginning
 * (https://platform.openai.com/docs/guides/prompt-caching). Nothing is ever forgotten. Four bytes count as a token.
 */
import { createHash } from 'node:crypto';
import { isObject, type Json } from '../wire/body.ts';
import type { ModelCall } from './types.ts';

export interface CacheUse {
  /** Tokens. */
  read: number;
  written: number;
}

export interface PromptCache {
  /** What this call takes from the cache and leaves in it. */
  use(call: ModelCall): CacheUse;
}

const MIN_TOKENS = 1024;
const CHUNK_TOKENS = 128;
/** So many blocks before a mark are looked at. */
const LOOK_BACK = 20;

export function createPromptCache(): PromptCache {
  const seen = new Set<string>();
  return { use: (call) => (call.format === 'anthropic' ? useMarks(seen, call) : useBeginning(seen, call)) };
}

interface Boundary {
  hash: string;
  tokens: number;
  marked: boolean;
}

function useMarks(seen: Set<string>, call: ModelCall): CacheUse {
  const boundaries = boundariesOf(call);
  const marks = boundaries.flatMap((boundary, index) => (boundary.marked && boundary.tokens >= MIN_TOKENS ? [index] : []));
  const hit = marks
    .toReversed()
    .map((mark) => boundaries.slice(Math.max(0, mark - LOOK_BACK), mark + 1).findLast(({ hash }) => seen.has(hash)))
    .find((boundary) => boundary !== undefined);
  const read = hit?.tokens ?? 0;
  const last = boundaries[marks.at(-1) ?? -1]?.tokens ?? 0;
  for (const mark of marks) seen.add(boundaries[mark]?.hash ?? '');
  return { read, written: Math.max(0, last - read) };
}

function boundariesOf({ model, body }: ModelCall): Boundary[] {
  const hash = createHash('sha256').update(model);
  let bytes = 0;
  const boundaries = blocksOf(body).map(({ block, marked }) => {
    const text = JSON.stringify(block);
    hash.update(text);
    bytes += text.length;
    return { hash: hash.copy().digest('base64'), tokens: Math.ceil(bytes / 4), marked };
  });
  const last = boundaries.at(-1);
  // A mark on the whole request stands for one on its last block.
  if (last !== undefined && isObject(body['cache_control'])) last.marked = true;
  return boundaries;
}

function blocksOf(body: Json): { block: unknown; marked: boolean }[] {
  const messages = Array.isArray(body['messages']) ? (body['messages'] as Json[]) : [];
  const said = messages.flatMap((message) =>
    listOf(message['content']).map((block) => ({ role: message['role'], ...objectOf(block) })),
  );
  const blocks = [...listOf(body['tools']), ...listOf(body['system']), ...said];
  return blocks.map((block) => {
    const { cache_control: mark, ...rest } = objectOf(block);
    return { block: rest, marked: isObject(mark) };
  });
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined ? [] : [value];
}

function objectOf(block: unknown): Json {
  return isObject(block) ? block : { type: 'text', text: block };
}

function useBeginning(seen: Set<string>, call: ModelCall): CacheUse {
  const text = JSON.stringify(beginningOf(call));
  const hash = createHash('sha256').update(call.model);
  let hits = 0;
  let unbroken = true;
  for (let at = 0; at + CHUNK_TOKENS * 4 <= text.length; at += CHUNK_TOKENS * 4) {
    const key = hash
      .update(text.slice(at, at + CHUNK_TOKENS * 4))
      .copy()
      .digest('base64');
    unbroken &&= seen.has(key);
    if (unbroken) hits += 1;
    seen.add(key);
  }
  const tokens = hits * CHUNK_TOKENS;
  return { read: tokens >= MIN_TOKENS ? tokens : 0, written: 0 };
}

function beginningOf({ format, body }: ModelCall): unknown[] {
  if (format === 'openai-chat') return [body['tools'], body['messages']];
  if (format === 'openai-responses') return [body['tools'], body['instructions'], body['input']];
  return [body['tools'], body['systemInstruction'], body['contents']];
}
