/**
 * One call of the model: its events told to the observer, its answer as an entry of the journal.
 * Retry and fallback are behind `CallModel`; nothing is written here.
 */
import { costOf } from '../domain/model.ts';
import type { AssistantPart, FinishReason, ModelEvent, ModelFacts, ModelRequest, Usage } from '../domain/model.ts';
import type { AssistantEntry } from '../domain/session.ts';
import type { TurnObserver } from './parts.ts';

/** What every model of a fallback chain is asked alike. */
export type ModelQuestion = Omit<ModelRequest, 'model'>;

export type ModelCallEvent =
  | ModelEvent
  /** Which model answers from here on; comes first, and again when another one takes over. */
  | { type: 'model'; facts: ModelFacts }
  /** What was streamed is void; the answer begins again. */
  | { type: 'restart' };

/**
 * Streams one answer. `models` are tried in order.
 * Throws AppError when all have failed, and the signal's reason when aborted.
 */
export type CallModel = (
  models: readonly string[],
  question: ModelQuestion,
  signal: AbortSignal,
) => AsyncIterable<ModelCallEvent>;

const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };

interface Answer {
  parts: AssistantPart[];
  facts: ModelFacts | undefined;
  finish: FinishReason;
  usage: Usage;
}

export async function answerOf(events: AsyncIterable<ModelCallEvent>, observer: TurnObserver): Promise<AssistantEntry> {
  const answer: Answer = { parts: [], facts: undefined, finish: 'other', usage: NO_USAGE };
  for await (const event of events) take(answer, event, observer);
  const { facts, usage } = answer;
  const costUsd = costOf(usage, facts?.price);
  return {
    kind: 'assistant',
    parts: answer.parts,
    model: facts ? `${facts.providerId}/${facts.modelId}` : '',
    finish: answer.finish,
    usage,
    ...(costUsd === undefined ? {} : { costUsd }),
  };
}

function take(answer: Answer, event: ModelCallEvent, observer: TurnObserver): void {
  switch (event.type) {
    case 'model':
      answer.facts = event.facts;
      observer.asked?.();
      return;
    case 'restart':
      answer.parts = [];
      observer.restarted?.();
      return;
    case 'text':
      addText(answer.parts, event.text);
      observer.text?.(event.text);
      return;
    case 'reasoning-end':
    case 'tool-call':
      answer.parts.push(event.part);
      return;
    case 'finish':
      answer.finish = event.reason;
      answer.usage = event.usage;
      return;
    default:
      return;
  }
}

function addText(parts: AssistantPart[], text: string): void {
  const last = parts.at(-1);
  if (last?.type === 'text') last.text += text;
  else parts.push({ type: 'text', text });
}
