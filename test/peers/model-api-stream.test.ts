// How an answer travels: cut anywhere, late, broken off, never; what the script says, and what the test can see.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createModelApi, type ModelApi, type Step } from './model-api.ts';
import { parseEvents, post, postJson, readEvents } from './wire/ask.ts';

const open: ModelApi[] = [];
after(() => Promise.all(open.map((model) => model.close())));

async function start(options: Parameters<typeof createModelApi>[0] = {}): Promise<ModelApi> {
  const model = await createModelApi({ apiKey: null, ...options });
  open.push(model);
  return model;
}

type Body = Record<string, unknown>;
const body = (text: string, more: Body = {}): Body => ({
  model: 'peer-1',
  messages: [{ role: 'user', content: text }],
  stream: true,
  ...more,
});
const ask = (model: ModelApi, text: string): Promise<Response> => post(`${model.url}/v1/chat/completions`, body(text));
const textOf = (events: { data: unknown }[]): string =>
  events
    .map(({ data }) => (data as { choices?: { delta?: { content?: string } }[] }).choices?.[0]?.delta?.content ?? '')
    .join('');
const brokenOff = (response: Response): Promise<void> => assert.rejects(readEvents(response), TypeError);

const SPEECH = 'naïve 👋🏽 — «žluťoučký kůň» 漢字';

test('a stream that is cut at every byte is the same stream', async () => {
  const model = await start({ splitBytes: 1, pieceCharacters: 3 });
  const response = await ask(model, SPEECH);
  const read = await readEvents(response);
  assert.equal(textOf(read.events), SPEECH);
  assert.ok(read.chunks > 100, `came in ${read.chunks} pieces`);
});

test('the same seed cuts the same, another one does not', async () => {
  const model = await start();
  const pieces = async (seed: number): Promise<string[]> => {
    model.split({ seed, pieceCharacters: 4 });
    const { events } = await readEvents(await ask(model, 'a text that is long enough to be cut in many ways'));
    return events.map((event) => textOf([event])).filter((piece) => piece !== '');
  };
  const first = await pieces(1);
  assert.deepEqual(await pieces(1), first);
  assert.notDeepEqual(await pieces(2), first);
});

test('arguments that are no JSON are sent as the model wrote them', async () => {
  const model = await start();
  model.answerNext([{ call: 'read', rawInput: '{"path": "a' }]);
  const { text } = await readEvents(await ask(model, 'x'));
  const written = parseEvents(text).flatMap(
    ({ data }) => JSON.stringify(data).match(/"arguments":("(?:[^"\\]|\\.)*")/)?.[1] ?? [],
  );
  assert.equal(written.map((piece) => JSON.parse(piece) as string).join(''), '{"path": "a');
});

test('what comes before a wait is sent before the wait', async () => {
  const model = await start();
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  model.script(async function* () {
    yield { text: 'first' };
    await released;
    yield { text: ' second' };
  });
  const response = await ask(model, 'x');
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const { value } = await reader.read();
  assert.match(Buffer.from(value ?? []).toString(), /first/);
  assert.equal(model.inFlight(), 1);
  release();
  let rest = '';
  for (let next = await reader.read(); !next.done; next = await reader.read()) rest += Buffer.from(next.value).toString();
  assert.match(rest, /second/);
  await model.until(() => model.inFlight() === 0);
  assert.equal(model.highestInFlight(), 1);
});

test('a reset, a truncated answer and a silent one can be told apart', async () => {
  const model = await start();
  model.answerNext([{ text: 'half' }, { reset: true }]);
  await brokenOff(await ask(model, 'x'));
  model.answerNext([{ text: 'half' }, { truncate: true }]);
  const { events } = await readEvents(await ask(model, 'x'));
  assert.equal(textOf(events), 'half');
  assert.ok(!events.some(({ data }) => data === '[DONE]'));
  model.answerNext([{ text: 'half' }, { silent: true }]);
  const gone = new AbortController();
  const response = await fetch(`${model.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(body('x')),
    signal: gone.signal,
  });
  assert.equal(response.status, 200);
  assert.equal(model.abandoned(), 0);
  gone.abort();
  await model.until(() => model.abandoned() === 1);
  assert.equal(model.inFlight(), 0);
});

test('an error may carry headers, or come from a proxy on the way', async () => {
  const model = await start();
  const date = 'Wed, 21 Oct 2026 07:28:00 GMT';
  model.answerNext([{ status: 429, headers: { 'retry-after': date } }], [{ status: 502, body: '<html>Bad Gateway</html>' }]);
  const limited = await ask(model, 'x');
  assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, date]);
  const bad = await ask(model, 'x');
  assert.deepEqual([bad.status, await bad.text()], [502, '<html>Bad Gateway</html>']);
});

test('an answer that is not streamed breaks off too', async () => {
  const model = await start();
  for (const step of [{ reset: true }, { truncate: true }] as Step[]) {
    model.answerNext([{ text: 'half' }, step]);
    await assert.rejects(postJson(`${model.url}/v1/chat/completions`, body('x', { stream: false })), TypeError);
  }
});

test('a client that leaves during a wait ends the answer', async () => {
  const model = await start();
  const gone = new AbortController();
  const call = fetch(`${model.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(body('slow 60000')),
    signal: gone.signal,
  });
  await model.waitForRequests(1);
  gone.abort();
  await assert.rejects(call, { name: 'AbortError' });
  await model.until(() => model.abandoned() === 1);
});

test('garbage stands between the events', async () => {
  const model = await start();
  model.answerNext([{ text: 'a' }, { garbage: 'data: {"broken\n\n' }, { ping: true }, { text: 'b' }]);
  const { events, text } = await readEvents(await ask(model, 'x'));
  assert.ok(events.some(({ data }) => data === '{"broken'));
  assert.match(text, /^: keep-alive$/m);
  assert.equal(textOf(events), 'ab');
});

test('a script is asked with what was said, and its mistakes are seen', async () => {
  const model = await start();
  model.script(({ format, lastUserText, results }) => [
    { text: `${format} ${lastUserText} ${results.length}` },
    { ending: 'length' },
  ]);
  const { events, text } = await readEvents(await ask(model, 'hi'));
  assert.equal(textOf(events), 'openai-chat hi 0');
  assert.match(text, /"finish_reason":"length"/);
  model.script(() => {
    throw new Error('the test is wrong');
  });
  await assert.rejects(ask(model, 'x'), TypeError);
  assert.match(String(model.failures[0]), /the test is wrong/);
  model.script();
  assert.equal(textOf((await readEvents(await ask(model, 'echo'))).events), 'echo');
});

test('the echo understands its words', async () => {
  const model = await start();
  const say = async (text: string): Promise<string> => textOf((await readEvents(await ask(model, text))).events);
  assert.equal(await say('[from Al]\nhello'), '[from Al]\nhello');
  assert.equal(await say('long 3'), 'word1 word2 word3');
  assert.match(await say('size'), /^\d+ bytes$/);
  assert.equal((await ask(model, 'fail 503 2')).status, 503);
  assert.equal((await ask(model, 'fail 503 2')).status, 503);
  assert.equal(await say('fail 503 2'), 'fail 503 2');
  const call = { id: 'c1', type: 'function', function: { name: 'read', arguments: '{}' } };
  const messages = [
    { role: 'user', content: 'call read {}\nthen write {"path":"b"}' },
    { role: 'assistant', tool_calls: [call] },
    { role: 'tool', tool_call_id: 'c1', content: 'one' },
  ];
  const second = await readEvents(await post(`${model.url}/v1/chat/completions`, body('', { messages })));
  assert.match(second.text, /"name":"write"/);
  const more = [
    { role: 'assistant', tool_calls: [{ ...call, id: 'c2' }] },
    { role: 'tool', tool_call_id: 'c2', content: 'two' },
  ];
  const third = await readEvents(await post(`${model.url}/v1/chat/completions`, body('', { messages: [...messages, ...more] })));
  assert.equal(textOf(third.events), 'tool said: two');
});

test('many calls wait at once', async () => {
  const model = await start({ bench: true });
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  model.script(async () => {
    await released;
    return [{ text: 'ok' }];
  });
  const calls = Array.from({ length: 200 }, () => ask(model, 'x').then((response) => response.text()));
  await model.until(() => model.inFlight() === 200);
  release();
  await Promise.all(calls);
  assert.equal(model.highestInFlight(), 200);
  assert.deepEqual(model.requests, []);
  assert.equal(model.count(), 200);
});
