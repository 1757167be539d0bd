/**
 * Owns what the offline model finds in the conversation that it is given: the wishes of the running turn, what its tools
 * said, what it was asked to remember, and where it may write. It keeps nothing itself: this is all its memory.
 */
import type { ModelMessage, ModelRequest, ToolResultPart } from '../../domain/model.ts';
import { remembered, wishesIn, type Wish } from './wishes.ts';

export interface Saying {
  /** What the gateway said of the message: lines in square brackets. */
  envelope: string;
  text: string;
}

export interface RunningTurn {
  wishes: { wish: Wish; saying: Saying }[];
  /** By wish and attempt: what the tool said. */
  results: ReadonlyMap<string, ToolResultPart>;
}

/** Unique in the conversation, and says to which wish and attempt a result belongs. */
export function callIdOf(request: ModelRequest, wish: number, attempt: number): string {
  return `offline_${request.messages.length}_${wish}_${attempt}`;
}

export function resultKey(wish: number, attempt: number): string {
  return `${wish}_${attempt}`;
}

export function runningTurn(request: ModelRequest): RunningTurn {
  const messages = request.messages.slice(startOfTurn(request.messages));
  const wishes = messages.flatMap(sayingsIn).flatMap((saying) => wishesIn(saying.text).map((wish) => ({ wish, saying })));
  const results = new Map<string, ToolResultPart>();
  for (const message of messages) {
    for (const result of message.role === 'tool' ? message.parts : []) {
      const key = /^offline_\d+_(\d+_\d+)$/.exec(result.callId)?.[1];
      if (key !== undefined) results.set(key, result);
    }
  }
  return { wishes, results };
}

/** After the last answer that called no tool. */
function startOfTurn(messages: readonly ModelMessage[]): number {
  return (
    messages.findLastIndex(
      (message) => message.role === 'assistant' && !message.parts.some((part) => part.type === 'tool-call'),
    ) + 1
  );
}

/** Each text part is one message: the envelope's lines first, then the person's own. */
export function sayingsIn(message: ModelMessage): Saying[] {
  if (message.role !== 'user') return [];
  return message.parts.flatMap((part) => {
    if (part.type !== 'text') return [];
    const lines = part.text.split('\n');
    const start = lines.findIndex((line) => !/^\[.*\]\s*$/.test(line));
    const cut = start === -1 ? lines.length : start;
    const saying = { envelope: lines.slice(0, cut).join('\n'), text: lines.slice(cut).join('\n') };
    return saying.text.trim() === '' ? [] : [saying];
  });
}

/** Each fact once, oldest first. */
export function memoryOf(request: ModelRequest): string[] {
  const facts = request.messages.flatMap(sayingsIn).flatMap(({ text }) => remembered(text));
  return [...new Set(facts)];
}

const FOLDER = String.raw`(\/[\w./-]*\w)`;
/** How prompts and errors name the place where writing is allowed, the surest first. */
const SCRATCH_WORDS = [
  new RegExp(`${FOLDER}\\S? (?:can always be written|is writable|is for scratch)`, 'i'),
  new RegExp(`(?:scratch|writable|temporary|can be written|write)[^\\n]{0,60}?\\s${FOLDER}`, 'i'),
];

/** A folder that an error or the system prompt names for scratch files. */
export function scratchFolder(error: string, system: string): string | undefined {
  for (const text of [error, system]) {
    const found = SCRATCH_WORDS.map((words) => words.exec(text)?.[1]).find((folder) => folder !== undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}
