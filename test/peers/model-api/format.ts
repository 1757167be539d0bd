/**
 * Owns the contract of a wire format: how a request is read, an answer is written, an error is told.
 * A format is pure: it gets a parsed body and gives text; sockets, time and scripts are not its business.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Refusal } from './refusal.ts';
import type { Ending, FormatName, ModelCall, TokenUsage, WholeAnswer } from './types.ts';

export interface Route {
  /** The model where the path names it, and whether the path asks for a stream. */
  model?: string;
  stream?: boolean;
}

export type ReadCall = Omit<ModelCall, 'format' | 'body' | 'bytes' | 'headers' | 'at' | 'lastUserText' | 'results'>;

export interface ErrorAnswer {
  body: unknown;
  headers: Record<string, string>;
}

/** Writes one streamed answer. Each method gives the text of zero or more events. */
export interface StreamWriter {
  /** `usage` is what is known before the first word: the input's part of it. */
  begin(usage: TokenUsage): string;
  text(piece: string): string;
  reasoning(piece: string): string;
  /** `pieces` put together are the arguments' JSON. */
  call(call: { id: string; name: string }, pieces: string[]): string;
  ping(): string;
  error(refusal: Refusal): string;
  end(ending: Ending, usage: TokenUsage): string;
}

/** What a vendor remembers of its own answers, as far as it checks requests against it. */
export interface Memory {
  /** Ids of tool calls that the model made after reasoning: that reasoning has to come back with them. */
  reasoned: Set<string>;
}

export interface Format {
  name: FormatName;
  /** Matches a POST by path (no query), or undefined. */
  route(path: string): Route | undefined;
  /** The key as the vendor's header carries it; undefined when there is none. */
  key(headers: IncomingHttpHeaders, query: URLSearchParams): string | undefined;
  /** What the vendor answers to no key (undefined) or a wrong one. */
  keyRefusal(key: string | undefined): Refusal;
  /** Further headers that the vendor demands; throws a Refusal. */
  checkHeaders?(headers: IncomingHttpHeaders): void;
  /** Validates and normalises; throws a Refusal. */
  read(body: Record<string, unknown>, route: Route, memory: Memory): ReadCall;
  contentType: string;
  writer(call: ModelCall, answerNumber: number): StreamWriter;
  whole(call: ModelCall, answer: WholeAnswer, answerNumber: number): unknown;
  overflow(tokens: number, limit: number): Refusal;
  error(refusal: Refusal): ErrorAnswer;
  callId(number: number): string;
}

export function event(data: unknown, name?: string): string {
  const line = `data: ${JSON.stringify(data)}\n\n`;
  return name === undefined ? line : `event: ${name}\n${line}`;
}
