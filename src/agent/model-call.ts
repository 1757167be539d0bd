/**
 * Owns one question to the models of a fallback chain until one of them answered: tries, pauses, the next model, silence.
 * Must never show half an answer as a whole one: what was streamed before a failure is taken back with `restart`.
 */
import { AppError } from '../domain/errors.ts';
import { silentLog, type Log } from '../domain/log.ts';
import { isContextOverflow, type ModelClient, type ModelEvent, type ModelMessage, type ModelRequest } from '../domain/model.ts';
import type { ModelChoice } from '../domain/settings.ts';
import { allModelsFailed, noModelSetUp, type ModelFailed } from './model-failure.ts';
import type { ModelHealth } from './model-health.ts';
import { earlierModelRules, lastModelRules, waitBeforeRetry } from './model-retry.ts';
import type { CallModel, ModelCallEvent, ModelQuestion } from './model-step.ts';
import { sleep, systemTimers, type Timers } from './model-timers.ts';

export interface ModelCallPorts {
  /** From `provider/model-id`. Throws AppError: unknown provider, missing key. */
  resolve(reference: string): ModelChoice;
  /** Rejects with AppError where the endpoint is set up wrongly. */
  client(choice: ModelChoice): Promise<ModelClient>;
  /** Shared by all calls of the process. */
  health: ModelHealth;
  timers?: Timers;
  /** 0 to 1. */
  random?: () => number;
  /** A model that is silent for longer is given up, milliseconds. Thinking models may be silent for minutes. */
  idleTimeoutMs?: number;
  log?: Log;
}

const IDLE_TIMEOUT_MS = 5 * 60_000;

interface Calling {
  ports: Required<ModelCallPorts>;
  question: ModelQuestion;
  signal: AbortSignal;
  /** Something that must be taken back if this try fails. */
  isShown: boolean;
}

/**
 * Throws ONE AppError when all models failed: `message` is a sentence for the person, `cause` holds each model's error.
 * A prompt that is too long is not tried elsewhere: that error is thrown as it is, for the turn to compact.
 */
export function createCallModel(ports: ModelCallPorts): CallModel {
  const filled = { timers: systemTimers, random: Math.random, idleTimeoutMs: IDLE_TIMEOUT_MS, log: silentLog, ...ports };
  return (models, question, signal) => askInOrder({ ports: filled, question, signal, isShown: false }, models);
}

async function* askInOrder(calling: Calling, models: readonly string[]): AsyncGenerator<ModelCallEvent> {
  const { health } = calling.ports;
  calling.signal.throwIfAborted();
  const order = health.order(models);
  if (order.length === 0) throw noModelSetUp();
  const failures: ModelFailed[] = [];
  for (const [index, reference] of order.entries()) {
    const rules = index === order.length - 1 ? lastModelRules : earlierModelRules;
    const error = yield* askOne(calling, reference, rules);
    if (!error) {
      health.succeeded(reference);
      return;
    }
    health.failed(reference, error);
    failures.push({ reference, error });
  }
  throw allModelsFailed(failures);
}

/** Tries one model until it answered (undefined) or is given up (why). Throws what is no matter of this model. */
async function* askOne(
  calling: Calling,
  reference: string,
  rules: typeof lastModelRules,
): AsyncGenerator<ModelCallEvent, AppError | undefined> {
  const { ports, signal } = calling;
  for (let attempt = 1; ; attempt++) {
    const error = yield* tryOnce(calling, reference);
    if (!error) return undefined;
    const waitMs = waitBeforeRetry({ error, attempt, rules, random: ports.random() });
    ports.log.warn({ model: reference, code: error.code, attempt, waitMs, error: error.message }, 'a model call failed');
    if (waitMs === undefined) return error;
    await sleep(ports.timers, waitMs, signal);
  }
}

async function* tryOnce(calling: Calling, reference: string): AsyncGenerator<ModelCallEvent, AppError | undefined> {
  const { ports, signal } = calling;
  try {
    const choice = ports.resolve(reference);
    const client = await ports.client(choice);
    if (calling.isShown) yield { type: 'restart' };
    calling.isShown = false;
    yield { type: 'model', facts: choice.facts };
    for await (const event of listen(calling, client, requestFor(choice, calling.question))) {
      if (event.type !== 'progress') calling.isShown = true;
      yield event;
    }
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    // Anything else than an AppError is a bug, and no other model would cure it.
    if (!(error instanceof AppError) || isContextOverflow(error)) throw error;
    return error;
  }
}

/** Ends the call when nothing came for too long. */
async function* listen({ ports, signal }: Calling, client: ModelClient, request: ModelRequest): AsyncGenerator<ModelEvent> {
  const ended = new AbortController();
  const abort = (): void => ended.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const timer = ports.timers.start(ports.idleTimeoutMs, () => {
    ended.abort(
      new AppError('unavailable', `${request.model} said nothing for too long.`, { hint: 'It usually passes within minutes.' }),
    );
  });
  try {
    for await (const event of client.stream(request, ended.signal)) {
      yield event;
      timer.refresh();
    }
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', abort);
  }
}

/** The question as this model can take it: models of one chain differ in what they can do. */
function requestFor({ facts }: ModelChoice, question: ModelQuestion): ModelRequest {
  return {
    ...question,
    model: facts.modelId,
    messages: facts.images ? question.messages : withoutImages(question.messages),
    maxOutputTokens: Math.min(question.maxOutputTokens, facts.maxOutputTokens),
    thinking: facts.reasoning ? question.thinking : 'off',
  };
}

const NO_IMAGE = '[gateway: a picture is here, which this model cannot see]';

function withoutImages(messages: ModelMessage[]): ModelMessage[] {
  return messages.map((message) => {
    if (message.role === 'user' && message.parts.some((part) => part.type === 'image')) {
      return {
        role: 'user',
        parts: message.parts.map((part) => (part.type === 'image' ? { type: 'text', text: NO_IMAGE } : part)),
      };
    }
    if (message.role === 'tool' && message.parts.some((part) => part.images)) {
      return { role: 'tool', parts: message.parts.map(({ images: _images, ...part }) => part) };
    }
    return message;
  });
}
