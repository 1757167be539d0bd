// Retries, fallback and silence, with a clock and timers that only move when the test says so.
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { createCallModel, type ModelCallPorts } from '../../src/agent/model-call.ts';
import { createModelHealth, type ModelHealth } from '../../src/agent/model-health.ts';
import type { ModelCallEvent, ModelQuestion } from '../../src/agent/model-step.ts';
import type { Timers } from '../../src/agent/model-timers.ts';
import { AppError, isAppError, type AppErrorDetails, type ErrorCode } from '../../src/domain/errors.ts';
import {
  contextOverflow,
  quotaSpent,
  type ModelClient,
  type ModelEvent,
  type ModelRequest,
  type Usage,
} from '../../src/domain/model.ts';

const usage: Usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
const finish: ModelEvent = { type: 'finish', reason: 'stop', usage };
const text = (words: string): ModelEvent => ({ type: 'text', text: words });
const failing = (code: ErrorCode, details: AppErrorDetails = {}): AppError =>
  new AppError(code, `said ${code}`, { hint: `mend ${code}`, ...details });

/** What a model does when it is asked: events, then an error if one is last; `silence` waits for the abort. */
type Play = (ModelEvent | AppError | Error | 'silence')[];

/** Timers that run in the order of their times as soon as nothing else is going on. */
class FakeTime implements Timers {
  nowMs = 0;
  readonly waits: number[] = [];
  readonly #pending = new Map<object, { atMs: number; ms: number; run: () => void }>();

  monotonic = (): number => this.nowMs;

  start(ms: number, run: () => void): { refresh(): void; cancel(): void } {
    const key = {};
    const arm = (): void => void this.#pending.set(key, { atMs: this.nowMs + ms, ms, run });
    arm();
    return { refresh: arm, cancel: () => void this.#pending.delete(key) };
  }

  /** Lets the shortest running timer pass; false when none runs. */
  pass(): boolean {
    const next = [...this.#pending].toSorted(([, a], [, b]) => a.atMs - b.atMs)[0];
    if (!next) return false;
    const [key, timer] = next;
    this.#pending.delete(key);
    this.nowMs = timer.atMs;
    this.waits.push(Math.round(timer.ms));
    timer.run();
    return true;
  }

  get running(): number {
    return this.#pending.size;
  }
}

const question: ModelQuestion = {
  system: 'be brief',
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'hello' }] }],
  tools: [],
  maxOutputTokens: 50_000,
  thinking: 'high',
  cacheKey: 'session',
};

describe('model calls', () => {
  let time: FakeTime;
  let health: ModelHealth;
  let plays: Map<string, Play[]>;
  let asked: { reference: string; request: ModelRequest }[];
  let ports: ModelCallPorts;

  beforeEach(() => {
    time = new FakeTime();
    health = createModelHealth(time);
    plays = new Map();
    asked = [];
    ports = {
      resolve(reference) {
        const [providerId = '', modelId = ''] = reference.split('/');
        if (providerId === 'unknown') throw failing('not_found');
        const isSmall = modelId === 'small';
        return {
          facts: {
            providerId,
            modelId,
            contextTokens: 100_000,
            maxOutputTokens: isSmall ? 4000 : 64_000,
            images: !isSmall,
            reasoning: !isSmall,
          },
          endpoint: { providerId },
          api: 'test',
        };
      },
      client: ({ facts }) => Promise.resolve(clientOf(`${facts.providerId}/${facts.modelId}`)),
      health,
      timers: time,
      random: () => 0.5,
      idleTimeoutMs: 1000,
    };
  });

  function clientOf(reference: string): ModelClient {
    return {
      async *stream(request, signal) {
        asked.push({ reference, request });
        const play = plays.get(reference)?.shift() ?? [text('ok'), finish];
        for (const step of play) {
          await Promise.resolve();
          if (step === 'silence')
            await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
          else if (step instanceof Error) throw step;
          else yield step;
        }
      },
    };
  }

  /** Collects all events, letting time pass whenever the call waits. */
  async function call(
    models: string[],
    more: { question?: Partial<ModelQuestion>; signal?: AbortSignal } = {},
  ): Promise<ModelCallEvent[]> {
    const events: ModelCallEvent[] = [];
    const running = (async () => {
      const signal = more.signal ?? new AbortController().signal;
      for await (const event of createCallModel(ports)(models, { ...question, ...more.question }, signal)) events.push(event);
    })();
    const state = { isOver: false };
    const over = running.finally(() => (state.isOver = true));
    over.catch(() => {});
    while (!state.isOver) {
      // Everything that can happen without time does happen before a timer passes.
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (!state.isOver) time.pass();
    }
    await running;
    assert.equal(time.running, 0, 'no timer is left');
    return events;
  }

  async function failure(models: string[]): Promise<AppError> {
    const error: unknown = await call(models).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(isAppError(error), String(error));
    return error;
  }

  const wordsOf = (events: ModelCallEvent[]): string => {
    let words = '';
    for (const event of events) {
      if (event.type === 'restart') words = '';
      if (event.type === 'text') words += event.text;
    }
    return words;
  };

  test('an answer comes through as it is, after the model that gives it', async () => {
    const events = await call(['a/one']);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['model', 'text', 'finish'],
    );
    assert.equal(asked.length, 1);
    assert.deepEqual(time.waits, []);
  });

  test('what may pass is tried again, with growing pauses', async () => {
    plays.set('a/one', [[failing('unavailable')], [failing('unavailable')], [failing('limit')]]);
    assert.equal(wordsOf(await call(['a/one'])), 'ok');
    assert.equal(asked.length, 4);
    assert.deepEqual(time.waits, [300, 600, 1200]);
  });

  test('a pause that the vendor asks for is kept', async () => {
    plays.set('a/one', [[failing('limit', { retryAfterMs: 20_000 })]]);
    await call(['a/one']);
    assert.equal(time.waits.length, 1);
    assert.ok((time.waits[0] ?? 0) >= 20_000 && (time.waits[0] ?? 0) < 21_000);
  });

  test('a pause that is too long is not waited for', async () => {
    plays.set('a/one', [[failing('limit', { retryAfterMs: 600_000 })]]);
    const error = await failure(['a/one']);
    assert.deepEqual(time.waits, []);
    assert.equal(error.code, 'limit');
    assert.equal(error.retryAfterMs, 600_000);
    assert.match(error.message, /a\/one gets too many requests at the moment\. Please try again in 10 minutes\./);
  });

  test('what does not pass by waiting is not tried again', async () => {
    for (const error of [failing('denied'), failing('not_found'), failing('invalid'), quotaSpent(failing('limit'))]) {
      asked = [];
      plays.set('a/one', [[error]]);
      await failure(['a/one']);
      assert.equal(asked.length, 1, error.message);
    }
    assert.deepEqual(time.waits, []);
  });

  test('the next model answers when the first does not', async () => {
    plays.set('a/one', [[failing('denied')]]);
    const events = await call(['a/one', 'b/two']);
    assert.equal(wordsOf(events), 'ok');
    const models = events.flatMap((event) => (event.type === 'model' ? [event.facts.modelId] : []));
    assert.deepEqual(models, ['one', 'two']);
  });

  test('with another model at hand nobody waits long', async () => {
    plays.set(
      'a/one',
      Array.from({ length: 9 }, () => [failing('unavailable')]),
    );
    await call(['a/one', 'b/two']);
    assert.deepEqual(
      asked.map(({ reference }) => reference),
      ['a/one', 'a/one', 'b/two'],
    );
  });

  test('a model that failed lately comes last until its rest is over, and first again after a success', async () => {
    plays.set('a/one', [[failing('denied')]]);
    await call(['a/one', 'b/two']);
    asked = [];
    await call(['a/one', 'b/two']);
    assert.deepEqual(
      asked.map(({ reference }) => reference),
      ['b/two'],
    );
    time.nowMs += 60_001;
    asked = [];
    await call(['a/one', 'b/two']);
    assert.deepEqual(
      asked.map(({ reference }) => reference),
      ['a/one'],
    );
    plays.set('a/one', [[failing('denied')]]);
    await call(['a/one', 'b/two']);
    health.forget();
    assert.deepEqual(health.order(['a/one', 'b/two']), ['a/one', 'b/two']);
  });

  test('the rest grows with each failure, and is never shorter than the vendor says', () => {
    const rest = (error: AppError): number => {
      health.failed('a/one', error);
      let ms = 0;
      while (health.order(['a/one', 'b/two'])[0] === 'b/two') {
        ms += 1000;
        time.nowMs += 1000;
      }
      return ms;
    };
    assert.deepEqual(
      [rest(failing('unavailable')), rest(failing('unavailable')), rest(failing('unavailable'))],
      [60_000, 300_000, 1_500_000],
    );
    health.succeeded('a/one');
    assert.equal(rest(failing('limit', { retryAfterMs: 100_000 })), 100_000);
    health.failed('c/three', failing('invalid'));
    assert.deepEqual(health.order(['c/three', 'b/two']), ['c/three', 'b/two'], 'a refused request says nothing of the next');
  });

  test('a model that rests is asked when it is the only one', async () => {
    plays.set('a/one', [[failing('denied')]]);
    await failure(['a/one']);
    assert.equal(wordsOf(await call(['a/one'])), 'ok');
  });

  test('what was streamed before a failure is taken back', async () => {
    plays.set('a/one', [[text('half of '), failing('unavailable')]]);
    const events = await call(['a/one']);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['model', 'text', 'restart', 'model', 'text', 'finish'],
    );
    assert.equal(wordsOf(events), 'ok');
  });

  test('it is taken back also when another model takes over, and only when there was something', async () => {
    plays.set('a/one', [[text('half of '), failing('denied')]]);
    plays.set('b/two', [[{ type: 'progress' }, failing('denied')]]);
    const types = (await call(['a/one', 'b/two', 'c/three'])).map(({ type }) => type);
    assert.equal(types.filter((type) => type === 'restart').length, 1);
  });

  test('silence ends a try, and signs of life keep it', async () => {
    plays.set('a/one', [
      [text('well '), 'silence'],
      [text('now'), finish],
    ]);
    assert.equal(wordsOf(await call(['a/one'])), 'now');
    assert.deepEqual(time.waits, [1000, 300]);
  });

  test('an abort ends everything with its reason: while asking, while waiting, before', async () => {
    const reason = new Error('the person said stop');
    plays.set('a/one', [['silence']]);
    const stop = new AbortController();
    const running = assert.rejects(
      (async () => {
        for await (const event of createCallModel(ports)(['a/one'], question, stop.signal)) assert.ok(event.type);
      })(),
      reason,
    );
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort(reason);
    await running;
    assert.equal(time.running, 0);
    await assert.rejects(call(['a/one'], { signal: stop.signal }), reason);

    plays.set('a/one', [[failing('unavailable')]]);
    const later = new AbortController();
    const waiting = assert.rejects(
      (async () => {
        for await (const event of createCallModel(ports)(['a/one'], question, later.signal)) assert.ok(event.type);
      })(),
      reason,
    );
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    later.abort(reason);
    await waiting;
    assert.equal(time.running, 0);
  });

  test('walking away leaves no timer and no call behind', async () => {
    let isAborted = false;
    ports.client = () =>
      Promise.resolve({
        async *stream(_request, _signal) {
          try {
            yield text('one');
            yield text('two');
          } finally {
            isAborted = true;
          }
        },
      });
    for await (const event of createCallModel(ports)(['a/one'], question, new AbortController().signal))
      if (event.type === 'text') break;
    assert.equal(isAborted, true);
    assert.equal(time.running, 0);
  });

  test('a prompt that is too long is not tried anywhere else', async () => {
    const overflow = contextOverflow(failing('invalid'));
    plays.set('a/one', [[overflow]]);
    await assert.rejects(call(['a/one', 'b/two']), overflow);
    assert.equal(asked.length, 1);
    assert.deepEqual(health.order(['a/one', 'b/two']), ['a/one', 'b/two']);
  });

  test('a bug is not hidden by another model', async () => {
    plays.set('a/one', [[new TypeError('undefined is not a function')]]);
    await assert.rejects(call(['a/one', 'b/two']), TypeError);
    assert.equal(asked.length, 1);
  });

  test('when all fail there is one sentence for the person, and everything else in the cause', async () => {
    plays.set('a/one', [[failing('denied')]]);
    plays.set(
      'b/two',
      Array.from({ length: 9 }, () => [failing('unavailable', { retryAfterMs: 90_000 })]),
    );
    const error = await failure(['a/one', 'b/two', 'unknown/x']);
    assert.equal(error.code, 'unavailable');
    assert.equal(
      error.message,
      'None of the models answered: a/one does not accept its key; b/two cannot be reached at the moment; unknown/x is not known to its provider. Please try again in 2 minutes.',
    );
    assert.equal(error.retryAfterMs, 90_000);
    assert.ok(error.cause instanceof AggregateError && error.cause.errors.length === 3);
    for (const internal of ['said ', 'HTTP', 'http', 'Error']) assert.ok(!error.message.includes(internal), error.message);
  });

  test('when waiting does not help the person is not told to wait', async () => {
    plays.set('a/one', [[quotaSpent(failing('limit', { retryAfterMs: 5000 }))]]);
    const error = await failure(['a/one']);
    assert.equal(
      error.message,
      'The model did not answer: a/one has no quota or money left. Whoever runs this gateway has to mend that.',
    );
    assert.equal(error.retryAfterMs, undefined);
    assert.equal(error.hint, 'mend limit');
  });

  test('no model at all is told as such', async () => {
    const error = await failure([]);
    assert.match(error.message, /No model is set up/);
    assert.ok(error.hint);
  });

  test('each model gets the question as it can take it', async () => {
    plays.set('a/one', [[failing('denied')]]);
    const image = { type: 'image' as const, mimeType: 'image/png', data: 'AAAA' };
    await call(['a/one', 'b/small'], {
      question: {
        messages: [
          { role: 'user', parts: [{ type: 'text', text: 'look' }, image] },
          { role: 'assistant', parts: [{ type: 'tool-call', callId: '1', name: 'read', input: {} }] },
          {
            role: 'tool',
            parts: [{ type: 'tool-result', callId: '1', name: 'read', text: 'x', isError: false, images: [image] }],
          },
        ],
      },
    });
    const [able, small] = asked.map(({ request }) => request);
    assert.deepEqual([able?.maxOutputTokens, able?.thinking, able?.model], [50_000, 'high', 'one']);
    assert.deepEqual([small?.maxOutputTokens, small?.thinking, small?.model], [4000, 'off', 'small']);
    assert.ok(JSON.stringify(able?.messages).includes('AAAA'));
    assert.ok(!JSON.stringify(small?.messages).includes('AAAA'));
    assert.match(JSON.stringify(small?.messages), /cannot see/);
  });

  test('the same model named twice is asked once', async () => {
    plays.set('a/one', [[failing('denied')]]);
    await failure(['a/one', 'a/one']);
    assert.equal(asked.length, 1);
  });
});
