/**
 * Owns the translation of a vendor's stream parts into our events.
 * Must never decide what an error means: it throws what the stream reported, and `errors.ts` reads it.
 */
import type {
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
  SharedV4ProviderMetadata,
} from '@ai-sdk/provider';
import type { FinishReason, ModelEvent, ReasoningPart, ToolCallPart, Usage } from '../domain/model.ts';
import type { Kept, TextMark } from './replay.ts';

/** What came in the stream in place of an answer; `reported` is what the vendor said, if it said anything. */
export class StreamFailure extends Error {
  readonly reported: unknown;

  constructor(reported: unknown) {
    super('the stream failed', { cause: reported });
    this.reported = reported;
  }
}

export interface StreamReading {
  /** `providerId/model` that answers. */
  from: string;
  /** Reasoning without vendor data is marked with its origin too, because this vendor wants its text back. */
  keepPlainReasoning: boolean;
  /** What the vendor attaches to a text that must come back with it: before or after the text, and which fields. */
  textMark?: { at: TextMark; vendor: string; fields: readonly string[] };
  /** Errors of single events that the vendor tells clients to skip. */
  mayIgnore?(error: unknown): boolean;
}

interface OpenBlock {
  text: string;
  options: SharedV4ProviderMetadata | undefined;
}

export type EventReader = (part: LanguageModelV4StreamPart) => ModelEvent | undefined;

const FINISH: Partial<Record<LanguageModelV4FinishReason['unified'], FinishReason>> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool-calls',
  'content-filter': 'refused',
  other: 'other',
};

type PartOf<Type extends LanguageModelV4StreamPart['type']> = Extract<LanguageModelV4StreamPart, { type: Type }>;

interface Reader {
  reading: StreamReading;
  open: Map<string, OpenBlock>;
}

type Handlers = { [Type in LanguageModelV4StreamPart['type']]?: (reader: Reader, part: PartOf<Type>) => ModelEvent | undefined };

const PROGRESS: ModelEvent = { type: 'progress' };

/** What is not named here (sources, files, response metadata) has no meaning for us. */
const handlers: Handlers = {
  'text-start': textEdge,
  'text-delta': textDelta,
  'text-end': textEdge,
  'reasoning-start': reasoningStart,
  'reasoning-delta': reasoningDelta,
  'reasoning-end': reasoningEnd,
  'tool-input-start': () => PROGRESS,
  'tool-input-delta': () => PROGRESS,
  'tool-call': ({ reading }, part) => ({ type: 'tool-call', part: toolCallOf(reading, part) }),
  ping: () => PROGRESS,
  finish: (_, part) => finish(part),
  error: failed,
};

/** A reader for one stream. Throws StreamFailure where the stream reports an error or ends before its end. */
export function createEventReader(reading: StreamReading): EventReader {
  const reader: Reader = { reading, open: new Map() };
  return (part) => {
    const handle = handlers[part.type] as
      | ((reader: Reader, part: LanguageModelV4StreamPart) => ModelEvent | undefined)
      | undefined;
    return handle?.(reader, part);
  };
}

function failed({ reading }: Reader, { error }: PartOf<'error'>): undefined {
  if (reading.mayIgnore?.(error)) return undefined;
  throw new StreamFailure(error);
}

function textDelta({ reading, open }: Reader, part: PartOf<'text-delta'>): ModelEvent | undefined {
  if (reading.textMark?.at === 'after-text') noteOptions(open, part);
  return part.delta === '' ? undefined : { type: 'text', text: part.delta };
}

function noteOptions(open: Map<string, OpenBlock>, part: { id: string; providerMetadata?: SharedV4ProviderMetadata }): OpenBlock {
  const block = open.get(part.id) ?? { text: '', options: undefined };
  if (part.providerMetadata) block.options = mergeOptions(block.options, part.providerMetadata);
  open.set(part.id, block);
  return block;
}

/** Later values win, but an absent value never hides an earlier one. */
function mergeOptions(earlier: SharedV4ProviderMetadata | undefined, later: SharedV4ProviderMetadata): SharedV4ProviderMetadata {
  if (!earlier) return later;
  const merged = { ...earlier };
  for (const [vendor, values] of Object.entries(later)) {
    const told = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
    merged[vendor] = { ...merged[vendor], ...Object.fromEntries(told) };
  }
  return merged;
}

function textEdge({ reading, open }: Reader, part: PartOf<'text-start' | 'text-end'>): ModelEvent | undefined {
  const mark = reading.textMark;
  if (!mark) return undefined;
  const isStart = part.type === 'text-start';
  const told = noteOptions(open, part).options?.[mark.vendor] ?? {};
  if (!isStart) open.delete(part.id);
  if (isStart !== (mark.at === 'before-text')) return undefined;
  const fields = Object.entries(told).filter(([name, value]) => mark.fields.includes(name) && value !== null);
  if (fields.length === 0) return undefined;
  const providerData = kept(reading, { [mark.vendor]: Object.fromEntries(fields) }, mark.at);
  return { type: 'reasoning-end', part: { type: 'reasoning', text: '', providerData } };
}

function kept(reading: StreamReading, options: SharedV4ProviderMetadata | undefined, mark?: TextMark): Kept {
  const data: Kept = { from: reading.from };
  if (options) data.options = options;
  if (mark) data.mark = mark;
  return data;
}

function reasoningStart({ open }: Reader, part: PartOf<'reasoning-start'>): ModelEvent {
  noteOptions(open, part);
  return PROGRESS;
}

function reasoningDelta({ open }: Reader, part: PartOf<'reasoning-delta'>): ModelEvent {
  noteOptions(open, part).text += part.delta;
  return part.delta === '' ? PROGRESS : { type: 'reasoning', text: part.delta };
}

function reasoningEnd({ reading, open }: Reader, part: PartOf<'reasoning-end'>): ModelEvent | undefined {
  const { text, options } = noteOptions(open, part);
  open.delete(part.id);
  if (text === '' && !options) return undefined;
  const whole: ReasoningPart = { type: 'reasoning', text };
  if (options || reading.keepPlainReasoning) whole.providerData = kept(reading, options);
  return { type: 'reasoning-end', part: whole };
}

function toolCallOf(reading: StreamReading, part: PartOf<'tool-call'>): ToolCallPart {
  const call: ToolCallPart = { type: 'tool-call', callId: part.toolCallId, name: part.toolName, input: inputOf(part.input) };
  if (part.providerMetadata) call.providerData = kept(reading, part.providerMetadata);
  return call;
}

function inputOf(json: string): unknown {
  if (json.trim() === '') return {};
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

function finish(part: PartOf<'finish'>): ModelEvent {
  const reason = FINISH[part.finishReason.unified];
  if (!reason) throw new StreamFailure(undefined);
  return { type: 'finish', reason, usage: usageOf(part.usage) };
}

function usageOf({ inputTokens, outputTokens }: LanguageModelV4Usage): Usage {
  return {
    inputTokens: inputTokens.total ?? 0,
    outputTokens: outputTokens.total ?? 0,
    cacheReadTokens: inputTokens.cacheRead ?? 0,
    cacheWriteTokens: inputTokens.cacheWrite ?? 0,
    reasoningTokens: outputTokens.reasoning ?? 0,
  };
}
