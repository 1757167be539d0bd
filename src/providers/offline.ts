/**
 * Owns the built-in offline model: what answers when there is no key and no model server. It is no language model and
 * says so; it shows a whole turn with tools, streaming and memory. The same request always gets the same answer.
 * Must never reach for anything but the request that it is given.
 */
import type { AssistantPart, ModelClient, ModelEvent, ModelRequest, ProviderPlugin, Usage } from '../domain/model.ts';
import { nextStep, type Step } from './offline/answers.ts';
import { callIdOf, resultKey, runningTurn } from './offline/conversation.ts';
import { summaryFor } from './offline/summary.ts';

/** `provider/model-id` of it. */
export const offlineModelReference = 'offline/built-in';

export interface OfflineModelOptions {
  /** Waits between two words, so that a person sees them come. It must not reject. */
  pause?: () => Promise<void>;
}

export const offline: ProviderPlugin = { api: 'offline', create: () => Promise.resolve(createOfflineModel()) };

export function createOfflineModel(options: OfflineModelOptions = {}): ModelClient {
  return {
    async *stream(request, signal) {
      signal.throwIfAborted();
      const parts = answerTo(request);
      for (const part of parts) {
        if (part.type === 'tool-call') yield { type: 'tool-call', part };
        else if (part.type === 'text') yield* wordByWord(part.text, signal, options.pause);
      }
      const reason = parts.some((part) => part.type === 'tool-call') ? 'tool-calls' : 'stop';
      yield { type: 'finish', reason, usage: estimate(request, parts) };
    },
  };
}

async function* wordByWord(text: string, signal: AbortSignal, pause: OfflineModelOptions['pause']): AsyncGenerator<ModelEvent> {
  for (const word of text.match(/\s*\S+\s*$|\s*\S+/g) ?? []) {
    await pause?.();
    signal.throwIfAborted();
    yield { type: 'text', text: word };
  }
}

function answerTo(request: ModelRequest): AssistantPart[] {
  const summary = summaryFor(request);
  if (summary !== undefined) return [{ type: 'text', text: summary }];
  const { wishes, results } = runningTurn(request);
  const steps = wishes.map(({ wish, saying }, index) => {
    const attempts = [0, 1].flatMap((attempt) => results.get(resultKey(index, attempt)) ?? []);
    return { step: nextStep({ wish, saying, results: attempts }, request), callId: callIdOf(request, index, attempts.length) };
  });
  const calls = steps.flatMap(({ step, callId }) =>
    'call' in step ? [{ type: 'tool-call' as const, callId, ...step.call }] : [],
  );
  return calls.length > 0 ? calls : [{ type: 'text', text: spoken(steps.map(({ step }) => step)) }];
}

function spoken(steps: readonly Step[]): string {
  const said = steps.flatMap((step) => ('say' in step ? [step.say] : []));
  return [...new Set(said)].join('\n\n') || 'You said nothing that I can read.';
}

/** Four characters to a token; pictures, which it cannot see, count nothing. */
function estimate(request: ModelRequest, parts: readonly AssistantPart[]): Usage {
  const withoutPictures = (key: string, value: unknown): unknown => (key === 'data' ? '' : value);
  const tokens = (value: unknown): number => Math.ceil(JSON.stringify(value, withoutPictures).length / 4);
  return {
    inputTokens: tokens([request.system, request.messages, request.tools]),
    outputTokens: tokens(parts),
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  };
}
