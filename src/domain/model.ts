/**
 * What the turn knows of language models: a request, a stream of events, usage.
 * A provider speaks one wire format; it keeps no state between calls and never retries (the turn does).
 */
import type { Secret } from './secret.ts';

export type ThinkingLevel = 'off' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh';
export const thinkingLevels: readonly ThinkingLevel[] = ['off', 'minimal', 'low', 'medium', 'high', 'xhigh'];

export interface TextPart {
  type: 'text';
  text: string;
}
export interface ImagePart {
  type: 'image';
  mimeType: string;
  /** Base64 without a data: prefix. */
  data: string;
}
/** Reasoning that must be given back to the same provider unchanged; `providerData` is opaque. */
export interface ReasoningPart {
  type: 'reasoning';
  text: string;
  providerData?: unknown;
}
export interface ToolCallPart {
  type: 'tool-call';
  callId: string;
  name: string;
  /** Parsed JSON where the model produced valid JSON, else the raw text. */
  input: unknown;
  providerData?: unknown;
}
export interface ToolResultPart {
  type: 'tool-result';
  callId: string;
  name: string;
  text: string;
  isError: boolean;
  images?: ImagePart[];
}

export type AssistantPart = TextPart | ReasoningPart | ToolCallPart;

export type ModelMessage =
  | { role: 'user'; parts: (TextPart | ImagePart)[] }
  | { role: 'assistant'; parts: AssistantPart[] }
  | { role: 'tool'; parts: ToolResultPart[] };

export interface ToolDescription {
  name: string;
  description: string;
  /** JSON Schema of the input, an object. */
  inputSchema: Record<string, unknown>;
}

export interface ModelRequest {
  /** The model id as the provider knows it (without `provider/`). */
  model: string;
  /** Stable over the turns of a session, so that the provider's cache hits. */
  system: string;
  messages: ModelMessage[];
  tools: ToolDescription[];
  maxOutputTokens: number;
  thinking: ThinkingLevel;
  /** Stable per session: routes to the same cache where the provider has such a key. */
  cacheKey: string;
}

/** Tokens as the provider counts them. `inputTokens` includes the cached ones. */
export interface Usage {
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  reasoningTokens: number;
}

export type FinishReason = 'stop' | 'tool-calls' | 'length' | 'refused' | 'other';

export type ModelEvent =
  | { type: 'text'; text: string }
  | { type: 'reasoning'; text: string }
  /** The whole reasoning block is known; carries what must be replayed. */
  | { type: 'reasoning-end'; part: ReasoningPart }
  | { type: 'tool-call'; part: ToolCallPart }
  /** Nothing to show, but the stream is alive: a tool call's arguments arrive in pieces, or the server said so. */
  | { type: 'progress' }
  | { type: 'finish'; reason: FinishReason; usage: Usage };

export interface ModelClient {
  /**
   * Streams one answer; ends after `finish`. Abort by `signal`: then it throws the signal's reason.
   * Throws AppError: `denied` (key refused), `limit` (rate, `retryAfterMs` where told; or quota: `isQuotaSpent`), `invalid` (the request,
   * e.g. too long: `isContextOverflow`), `not_found` (no such model), `unavailable` (everything that may pass: 5xx, network, a stream
   * that breaks off).
   */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
}

export interface ModelEndpoint {
  /** The id in the configuration, e.g. `anthropic`. */
  providerId: string;
  baseUrl?: string;
  apiKey?: Secret;
  /** Send the key as a bearer token (an OAuth login). */
  bearer?: boolean;
  headers?: Record<string, string>;
}

/** One wire format. `create` loads what it needs. */
export interface ProviderPlugin {
  /** The value of `models.providers.<id>.api`. */
  api: string;
  create(endpoint: ModelEndpoint): Promise<ModelClient>;
}

/** Prices in US dollars per million tokens. */
export interface ModelPrice {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
}

export interface ModelFacts {
  providerId: string;
  /** Without the provider. */
  modelId: string;
  contextTokens: number;
  maxOutputTokens: number;
  images: boolean;
  reasoning: boolean;
  price?: ModelPrice;
}

const overflow = new WeakSet<object>();

/** Marks a provider's error as "the request is longer than the model's context". */
export function contextOverflow<E extends object>(error: E): E {
  overflow.add(error);
  return error;
}

export function isContextOverflow(error: unknown): boolean {
  return typeof error === 'object' && error !== null && overflow.has(error);
}

const spent = new WeakSet<object>();

/** Marks a provider's `limit` error as "the money or the quota is used up": waiting does not help. */
export function quotaSpent<E extends object>(error: E): E {
  spent.add(error);
  return error;
}

export function isQuotaSpent(error: unknown): boolean {
  return typeof error === 'object' && error !== null && spent.has(error);
}

/** Cost in US dollars, or undefined where the price is not known. */
export function costOf(usage: Usage, price: ModelPrice | undefined): number | undefined {
  if (!price) return undefined;
  const fresh = usage.inputTokens - usage.cacheReadTokens - usage.cacheWriteTokens;
  const micro =
    Math.max(0, fresh) * price.input +
    usage.cacheReadTokens * price.cacheRead +
    usage.cacheWriteTokens * price.cacheWrite +
    usage.outputTokens * price.output;
  return micro / 1_000_000;
}
