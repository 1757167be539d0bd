/**
 * Owns the model peer's own words: one request and one answer, free of any vendor's wire format.
 */

export type FormatName = 'openai-chat' | 'openai-responses' | 'anthropic' | 'google';

export type Part =
  | { type: 'text'; text: string }
  | { type: 'image'; mimeType: string; bytes: number }
  | { type: 'reasoning'; text: string }
  | { type: 'call'; id: string; name: string; input: unknown }
  | { type: 'result'; id: string; name: string; text: string; isError: boolean };

export interface Turn {
  role: 'user' | 'assistant' | 'tool';
  parts: Part[];
}

export interface ToolSchema {
  name: string;
  description: string;
  schema: Record<string, unknown>;
}

/** A request as every script sees it, whichever wire it came over. */
export interface ModelCall {
  format: FormatName;
  model: string;
  stream: boolean;
  system: string;
  messages: Turn[];
  tools: ToolSchema[];
  /** What the person said last; tool results are not that. */
  lastUserText: string;
  /** Results that came after the last assistant turn. */
  results: { id: string; name: string; text: string; isError: boolean }[];
  /** Reasoning was asked for. */
  thinking: boolean;
  /** The body as received, and how many bytes it had. */
  body: Record<string, unknown>;
  bytes: number;
  headers: Record<string, string | string[] | undefined>;
  /** Milliseconds since the epoch. */
  at: number;
}

/** Tokens. `input` includes what was read from and written to the cache. */
export interface TokenUsage {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
  reasoning: number;
}

export type Ending = 'stop' | 'calls' | 'length' | 'refused';

/** `input` is sent as JSON; a string in `rawInput` goes out as it is, valid JSON or not. */
export interface CallStep {
  call: string;
  input?: unknown;
  rawInput?: string;
  id?: string;
}

/** An error in the vendor's shape: as HTTP status before the first byte, inside the stream after it. */
export interface ErrorStep {
  status: number;
  message?: string;
  /** Where the vendor tells it: in a header, or in the body. */
  retryAfterSeconds?: number;
  /** Further headers; only before the first byte. */
  headers?: Record<string, string>;
  /** This text instead of the vendor's error, as a proxy on the way would send it (text/html). */
  body?: string;
}

/** One thing that the model does next. An answer is a list of them; a missing ending is derived. */
export type Step =
  | { text: string }
  | { reasoning: string }
  | CallStep
  | { waitMs: number }
  | { usage: Partial<TokenUsage> }
  | { ending: Ending }
  | ErrorStep
  /** The vendor's own words for a prompt that is too long. */
  | { overflow: true }
  /** Bytes that do not belong there, as they are. */
  | { garbage: string }
  | { ping: true }
  /** The connection is reset. */
  | { reset: true }
  /** The answer ends here, politely, without its last events. */
  | { truncate: true }
  /** Not another byte, and the connection stays open. */
  | { silent: true };

export type Steps = Iterable<Step> | AsyncIterable<Step>;
export type Script = (call: ModelCall) => Steps | Promise<Steps>;

/** What a whole answer comes to, for the wire formats without streaming. */
export interface WholeAnswer {
  text: string;
  reasoning: string;
  calls: { id: string; name: string; json: string }[];
  ending: Ending;
  usage: TokenUsage;
}
