// The turn against the model peer: steps and their journal, tools, limits, failures, abort, steering, resuming.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import * as z from 'zod';
import { userEntryOf } from '../../src/agent/envelope.ts';
import { TurnAbort } from '../../src/agent/parts.ts';
import { AppError } from '../../src/domain/errors.ts';
import { Secret } from '../../src/domain/secret.ts';
import type { Entry } from '../../src/domain/session.ts';
import type { Tool } from '../../src/domain/tool.ts';
import { toolOf } from '../gateway/bed/tools.ts';
import { answer, result } from './entries.ts';
import { createTurnBed, kindsOf } from './turn-bed.ts';
import type { TurnBed, TurnBedOptions } from './turn-bed.ts';

async function bedFor(context: TestContext, options: TurnBedOptions = {}): Promise<TurnBed> {
  const bed = await createTurnBed(options);
  context.after(() => bed.close());
  return bed;
}

const LIMITS = { steps: 50, timeoutMs: 600_000, tokens: 2_000_000, sameCall: 4 };
const echo = (ran: string[] = []): Tool =>
  toolOf('echo', 'write', async (input) => {
    ran.push(String(input['word']));
    return `said ${String(input['word'])}`;
  });

test('a plain answer: one call, one entry, usage booked', async (context) => {
  const bed = await bedFor(context);
  bed.modelApi.answerNext([{ text: 'Hello, **Al**.' }, { usage: { input: 1000, output: 500 } }]);
  const claimed = await bed.begin('hi');
  const outcome = await bed.run(claimed);
  assert.deepEqual([outcome.state, outcome.reply], ['done', 'Hello, **Al**.']);
  assert.deepEqual(kindsOf(await bed.history(claimed.session)), ['user', 'assistant']);
  const [total] = await bed.store.sessions.usage({ sinceMs: 0 });
  assert.deepEqual([total?.inputTokens, total?.outputTokens, total?.costUsd, total?.senderId], [1000, 500, 0.002, '1']);
});

test('the next turn reads the earlier one, and begins with the same words for the cache', async (context) => {
  const bed = await bedFor(context);
  await bed.say('my name is Al');
  await bed.say('what is my name?');
  const [first, second] = bed.modelApi.requests;
  assert.equal(first?.system, second?.system);
  assert.deepEqual(second?.messages.slice(0, first?.messages.length), first?.messages);
  assert.equal(second?.messages.length, 3);
});

test('tools: begun before, result after, and the model reads it', async (context) => {
  const ran: string[] = [];
  const bed = await bedFor(context, { tools: [echo(ran)] });
  bed.modelApi.answerNext([{ text: 'Let me see.' }, { call: 'echo', input: { word: 'a' }, id: 'c1' }], [{ text: 'Done.' }]);
  const claimed = await bed.begin('say a');
  const outcome = await bed.run(claimed);
  assert.equal(outcome.reply, 'Let me see.\n\nDone.');
  assert.deepEqual(ran, ['a']);
  assert.deepEqual(kindsOf(await bed.history(claimed.session)), ['user', 'assistant', 'begun c1', 'result c1', 'assistant']);
  assert.equal(bed.modelApi.requests[1]?.results[0]?.text, 'said a');
});

test('a change is durable in the journal before it happens', async (context) => {
  const bed = await bedFor(context, {});
  const seen: string[] = [];
  let durable = 0;
  const tool = toolOf('echo', 'write', async () => {
    seen.push(`runs after ${durable} flushes`);
    return '';
  });
  const store = { ...bed.store, durable: () => bed.store.durable().then(() => void (durable += 1)) };
  Object.assign(bed.parts, { tools: [tool], store });
  bed.modelApi.answerNext([{ call: 'echo' }, { call: 'echo' }], [{ text: 'ok' }]);
  await bed.say('go');
  assert.deepEqual(seen, ['runs after 1 flushes', 'runs after 2 flushes']);
});

test('reads run side by side, changes one after the other in the order in which they were asked', async (context) => {
  const log: string[] = [];
  let reading = 0;
  let most = 0;
  const read = toolOf('look', 'read', async (input) => {
    reading += 1;
    most = Math.max(most, reading);
    await new Promise((resolve) => setTimeout(resolve, 5));
    reading -= 1;
    log.push(`look ${String(input['n'])}`);
    return '';
  });
  const write = toolOf('change', 'write', async (input) => {
    log.push(`begin ${String(input['n'])}`);
    assert.equal(reading, 0, 'a change while something is read');
    await new Promise((resolve) => setTimeout(resolve, 5));
    log.push(`end ${String(input['n'])}`);
    return '';
  });
  const bed = await bedFor(context, { tools: [read, write] });
  const calls = [
    { call: 'look', input: { n: 1 } },
    { call: 'look', input: { n: 2 } },
    { call: 'change', input: { n: 3 } },
    { call: 'change', input: { n: 4 } },
    { call: 'look', input: { n: 5 } },
  ];
  bed.modelApi.answerNext(calls, [{ text: 'ok' }]);
  await bed.say('go');
  assert.equal(most, 2);
  assert.deepEqual(log.slice(2), ['begin 3', 'end 3', 'begin 4', 'end 4', 'look 5']);
});

test('whatever goes wrong with a call is a result that the model reads', async (context) => {
  const strict: Tool<{ path: string }> = {
    ...(toolOf('strict', 'read', async () => 'fine') as Tool<{ path: string }>),
    input: z.object({ path: z.string() }),
  };
  const secret = new Secret('hunter2hunter2');
  const tools = [
    strict as Tool,
    toolOf('denied', 'read', () => Promise.reject(new AppError('denied', 'It is read-only.', { hint: 'Use /tmp.' }))),
    toolOf('bug', 'read', () => Promise.reject(new TypeError('x is not a function'))),
    toolOf('leak', 'read', async () => `the key is ${secret.reveal()}`),
    toolOf('gateway', 'write', async () => 'never'),
  ];
  const bed = await bedFor(context, { tools });
  const calls = ['strict', 'denied', 'bug', 'leak', 'gateway', 'nothing'].map((call) => ({ call, input: {} }));
  bed.modelApi.answerNext([...calls, { call: 'strict', rawInput: '{"path":' }], [{ text: 'ok' }]);
  await bed.say('go');
  const results = bed.modelApi.requests[1]?.results.map(({ name, text }) => `${name}: ${text}`).toSorted();
  assert.deepEqual(results, [
    'bug: The tool failed because of an internal error. Trying again may not help.',
    'denied: It is read-only. Use /tmp.',
    'gateway: There is no tool "gateway" that you may call.',
    'leak: the key is [redacted]',
    'nothing: There is no tool "nothing" that you may call.',
    results?.[5],
    results?.[6],
  ]);
  for (const text of results?.slice(5) ?? []) assert.match(text, /^strict: The input does not fit: /);
  assert.ok(!bed.modelApi.requests[0]?.tools.some((tool) => tool.name === 'gateway'), 'a denied tool is not shown');
});

test('each limit ends the turn with a plain sentence', async (context) => {
  const cases = [
    { limits: { ...LIMITS, steps: 3 }, says: /^I stopped after 3 steps, the limit for one message\./ },
    { limits: { ...LIMITS, tokens: 100 }, says: /^I stopped because this message has used its 100 tokens\./ },
    { limits: { ...LIMITS, costUsd: 0.00001 }, says: /^I stopped because this message has cost its limit of \$0.00001\./ },
  ];
  for (const { limits, says } of cases) {
    let number = 0;
    const bed = await bedFor(context, { agent: { limits }, tools: [echo()] });
    bed.modelApi.script(() => [{ call: 'echo', input: { word: (number += 1) } }]);
    const claimed = await bed.begin('go on for ever');
    const outcome = await bed.run(claimed);
    assert.equal(outcome.state, 'stopped');
    assert.match(outcome.reply, says);
    assert.equal((await bed.history(claimed.session)).at(-1)?.entry.kind, 'note');
    // The conversation goes on from there.
    bed.modelApi.script(() => [{ text: 'well' }]);
    assert.equal((await bed.say('go on')).reply, 'well');
  }
});

test('too long: the time limit ends a turn while the model or a tool hangs', async (context) => {
  const hanging = toolOf('hang', 'write', () => new Promise(() => {}));
  for (const step of [{ silent: true as const }, { call: 'hang' }]) {
    const bed = await bedFor(context, { agent: { limits: { ...LIMITS, timeoutMs: 100 } }, tools: [hanging] });
    bed.modelApi.answerNext([step]);
    const outcome = await bed.say('go');
    assert.match(outcome.reply, /^I stopped because this took longer than 0 seconds/);
  }
});

test('the same call with the same result is refused, and a model that insists is stopped', async (context) => {
  const ran: string[] = [];
  const bed = await bedFor(context, { agent: { limits: { ...LIMITS, sameCall: 2 } }, tools: [echo(ran)] });
  bed.modelApi.script(() => [{ call: 'echo', input: { word: 'again' } }]);
  const outcome = await bed.say('go');
  assert.equal(ran.length, 2);
  assert.match(bed.modelApi.requests[3]?.results[0]?.text ?? '', /^Not run: you made this very call before, 2 times/);
  assert.match(outcome.reply, /kept repeating the same step/);
  assert.equal(bed.modelApi.requests.length, 4);
});

test('asking again for something that changes is no repetition', async (context) => {
  let polls = 0;
  const poll = toolOf('poll', 'read', async () => `line ${(polls += 1)}`);
  const bed = await bedFor(context, { agent: { limits: { ...LIMITS, sameCall: 2 } }, tools: [poll] });
  bed.modelApi.script(() => (polls < 6 ? [{ call: 'poll' }] : [{ text: 'finished' }]));
  assert.equal((await bed.say('wait for it')).reply, 'finished');
});

test('all models fail: a plain sentence, no vendor text, and the question is kept', async (context) => {
  const bed = await bedFor(context);
  bed.modelApi.script(() => [{ status: 401, message: 'internal vendor words' }]);
  const claimed = await bed.begin('hi');
  const outcome = await bed.run(claimed);
  assert.equal(outcome.state, 'failed');
  assert.match(outcome.reply, /^The model did not answer: peer\/m1 does not accept its key\./);
  assert.doesNotMatch(outcome.reply, /vendor/);
  assert.deepEqual(kindsOf(await bed.history(claimed.session)), ['user', 'note']);
});

test('a passing error is waited out, and what was streamed of the failed try is void', async (context) => {
  const seen: string[] = [];
  const observer = { text: (delta: string) => void seen.push(delta), restarted: () => void seen.splice(0) };
  const bed = await bedFor(context, { observer });
  bed.modelApi.answerNext([{ status: 503 }], [{ text: 'half an ans' }, { reset: true }], [{ text: 'A whole answer.' }]);
  assert.equal((await bed.say('hi')).reply, 'A whole answer.');
  assert.equal(seen.join(''), 'A whole answer.');
});

test('an answer of nothing, a refusal, a cut, and silence on purpose', async (context) => {
  const bed = await bedFor(context);
  const replyTo = async (...steps: Parameters<typeof bed.modelApi.answerNext>[0]): Promise<string> => {
    bed.modelApi.answerNext(steps);
    return (await bed.say('hi')).reply;
  };
  assert.equal(await replyTo({ text: '' }), 'The model gave no answer.');
  assert.equal(await replyTo({ ending: 'refused' }), 'The model declined to answer this.');
  assert.match(await replyTo({ text: 'long' }, { ending: 'length' }), /^long\n\n_\(The answer was cut off/);
  assert.equal(await replyTo({ text: 'NO_REPLY' }), '');
});

test('stop: the turn ends, and the model learns of it the next time', async (context) => {
  const controller = new AbortController();
  const hang = toolOf('hang', 'write', () => {
    controller.abort(new TurnAbort('stop'));
    return new Promise(() => {});
  });
  const bed = await bedFor(context, { tools: [hang] });
  bed.modelApi.answerNext([{ call: 'hang', id: 'c1' }]);
  const claimed = await bed.begin('go');
  const outcome = await bed.run(claimed, { controller });
  assert.deepEqual([outcome.state, outcome.reason, outcome.reply], ['stopped', 'stopped', '']);
  await bed.say('and now?');
  const last = bed.modelApi.requests.at(-1);
  const told = JSON.stringify(last?.messages);
  assert.match(told, /Interrupted: this call did not finish/);
  assert.match(told, /the person stopped this run/);
});

test('a stop while the model streams gives the request up', async (context) => {
  const controller = new AbortController();
  const bed = await bedFor(context, { observer: { text: () => controller.abort(new TurnAbort('stop')) } });
  bed.modelApi.answerNext([{ text: 'well' }, { waitMs: 60_000 }, { text: 'never' }]);
  const outcome = await bed.say('go', { controller });
  assert.equal(outcome.state, 'stopped');
  await bed.modelApi.until(() => bed.modelApi.abandoned() === 1);
});

test('shutdown: the turn is left as it is, to go on later', async (context) => {
  const controller = new AbortController();
  const bed = await bedFor(context, { observer: { text: () => controller.abort(new TurnAbort('shutdown')) } });
  bed.modelApi.answerNext([{ text: 'well' }, { waitMs: 60_000 }]);
  const claimed = await bed.begin('go');
  await assert.rejects(bed.run(claimed, { controller }), (error) => error instanceof TurnAbort && error.kind === 'shutdown');
  bed.modelApi.answerNext([{ text: 'here I am again' }]);
  assert.equal((await bed.run(claimed)).reply, 'here I am again');
});

test('steering: what joins is read before the next step, in its place', async (context) => {
  const bed = await bedFor(context, { tools: [echo()] });
  const claimed = await bed.begin('first');
  const waiting = [userEntryOf({ ...(claimed.turn.messages[0] as (typeof claimed.turn.messages)[0]), id: 'm9', text: 'second' })];
  bed.modelApi.answerNext([{ call: 'echo', id: 'c1' }], [{ text: 'both' }]);
  await bed.run(claimed, { joinWaiting: async () => waiting.splice(0) });
  assert.deepEqual(kindsOf(await bed.history(claimed.session)), [
    'user',
    'assistant',
    'begun c1',
    'result c1',
    'user',
    'assistant',
  ]);
  assert.match(bed.modelApi.requests[1]?.lastUserText ?? '', /second$/);
});

test('resuming: a read is repeated, a change is not, what had not begun is done', async (context) => {
  const ran: string[] = [];
  const tools = (['read', 'write'] as const).map((effect) =>
    toolOf(effect, effect, async () => {
      ran.push(effect);
      return `${effect} again`;
    }),
  );
  const call = (callId: string, name: string) => ({ type: 'tool-call' as const, callId, name, input: {} });
  const asked: Entry = {
    ...answer('', []),
    parts: [call('c1', 'read'), call('c2', 'write'), call('c3', 'write'), call('c4', 'read')],
  };
  const bed = await bedFor(context, { tools });
  const claimed = await bed.begin('go');
  await bed.store.turns.append(claimed.turn.id, [
    asked,
    { kind: 'tool-begun', callId: 'c1', name: 'read', effect: 'read' },
    { kind: 'tool-begun', callId: 'c2', name: 'write', effect: 'write' },
    result('c4', 'there already'),
  ]);
  bed.modelApi.answerNext([{ text: 'resumed' }]);
  const outcome = await bed.run(claimed);
  assert.equal(outcome.reply, 'resumed');
  assert.deepEqual(ran, ['read', 'write'], 'c1 once more, c3 for the first time');
  const results = Object.fromEntries(bed.modelApi.requests[0]?.results.map(({ id, text }) => [id, text]) ?? []);
  assert.equal(results['c1'], 'read again');
  assert.match(results['c2'] ?? '', /^Interrupted: this call did not finish/);
  assert.equal(results['c3'], 'write again');
  assert.equal(results['c4'], 'there already');
  assert.deepEqual(kindsOf(await bed.history(claimed.session)).filter((kind) => kind.startsWith('begun c1')).length, 1);
});

test('a restart does not begin to count anew', async (context) => {
  const bed = await bedFor(context, { agent: { limits: { ...LIMITS, steps: 2 } }, tools: [echo()] });
  const claimed = await bed.begin('go');
  await bed.store.turns.append(claimed.turn.id, [
    answer('one', ['c1']),
    result('c1', 'x'),
    answer('two', ['c2']),
    result('c2', 'y'),
  ]);
  const outcome = await bed.run(claimed);
  assert.match(outcome.reply, /^one\n\ntwo\n\nI stopped after 2 steps/);
  assert.equal(bed.modelApi.count(), 0);
});

test('the whole request for "ping" is small', async (context) => {
  const bed = await bedFor(context, {
    tools: ['exec', 'process', 'read', 'write', 'edit', 'list', 'search'].map((name) => toolOf(name, 'read', async () => '')),
  });
  await bed.say('ping');
  const [request] = bed.modelApi.requests;
  assert.ok((request?.system.length ?? 0) < 3_000, `the system part has ${request?.system.length} characters`);
  assert.ok((request?.bytes ?? 0) < 8_000);
});
