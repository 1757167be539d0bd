/**
 * Owns one call to a vendor through its `LanguageModel`: start, stream, abort, errors. Every wire format is this plus
 * its own settings. Must never retry, and must never keep a request after it was sent.
 */
import type { ReadableStreamDefaultReader } from 'node:stream/web';
import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import type { ModelClient, ModelEvent, ModelRequest } from '../domain/model.ts';
import { toAppError } from './errors.ts';
import { createEventReader, StreamFailure, type StreamReading } from './events.ts';

export interface WireFormat {
  providerId: string;
  baseUrl: string;
  model(modelId: string): LanguageModelV4;
  options(request: ModelRequest, from: string): LanguageModelV4CallOptions;
  reading: Omit<StreamReading, 'from'>;
}

/** Models are cheap to keep and dear to make (each builds its schemas); nobody uses this many at one endpoint. */
const MAX_MODELS = 50;

/** How long a server may keep the connection open after the last event. */
const DRAIN_TIMEOUT_MS = 5000;

export function createLanguageModelClient(format: WireFormat): ModelClient {
  const models = new Map<string, LanguageModelV4>();
  function modelOf(modelId: string): LanguageModelV4 {
    const known = models.get(modelId);
    if (known) return known;
    if (models.size >= MAX_MODELS) models.clear();
    const made = format.model(modelId);
    models.set(modelId, made);
    return made;
  }
  return { stream: (request, signal) => streamOne(format, { model: modelOf(request.model), request, signal }) };
}

interface Call {
  model: LanguageModelV4;
  request: ModelRequest;
  signal: AbortSignal;
}

async function* streamOne(format: WireFormat, call: Call): AsyncGenerator<ModelEvent> {
  const { signal, request } = call;
  signal.throwIfAborted();
  // Our own controller ends the HTTP request also when the listener just walks away.
  const wire = new AbortController();
  const abort = (): void => wire.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  let isWhole = false;
  try {
    for await (const event of events(format, call, wire)) {
      isWhole = event.type === 'finish';
      yield event;
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw toAppError(error, { providerId: format.providerId, model: request.model, baseUrl: format.baseUrl }, Date.now());
  } finally {
    signal.removeEventListener('abort', abort);
    if (!isWhole) wire.abort();
  }
}

async function* events(format: WireFormat, call: Call, wire: AbortController): AsyncGenerator<ModelEvent> {
  const from = `${format.providerId}/${call.request.model}`;
  const read = createEventReader({ ...format.reading, from });
  const { stream } = await call.model.doStream({ ...format.options(call.request, from), abortSignal: wire.signal });
  const reader = stream.getReader();
  for (;;) {
    const next = await reader.read();
    if (next.done) throw new StreamFailure(undefined);
    const event = read(next.value);
    if (event?.type === 'finish') void drain(reader, wire);
    if (event) yield event;
    if (event?.type === 'finish') return;
  }
}

/** To the end of the answer, which follows at once, so that the connection can be used again. Never rejects. */
async function drain(reader: ReadableStreamDefaultReader<LanguageModelV4StreamPart>, wire: AbortController): Promise<void> {
  const timer = setTimeout(() => wire.abort(), DRAIN_TIMEOUT_MS);
  try {
    while (!(await reader.read()).done);
  } catch {
    // The answer is whole: what breaks after it matters to nobody.
  } finally {
    clearTimeout(timer);
  }
}
