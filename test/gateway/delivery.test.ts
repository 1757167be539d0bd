// The way out, against the fake Bot API: order, rate limits, losses, and what may have arrived.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { createBed } from './bed/bed.ts';
import type { Bed } from './bed/bed.ts';

let bed: Bed;
let nextPerson = 1_000;

before(async () => {
  bed = await createBed({ admission: { dmPolicy: 'open', allowFrom: ['*'] }, telegram: { textChunkLimit: 400 } });
});
after(() => bed.close());
afterEach(() => bed.botApi.clearFaults());

function person(): { id: number; say(text: string): void } {
  nextPerson += 1;
  const one = bed.botApi.person(nextPerson);
  return { id: nextPerson, say: (text) => void one.text(text) };
}

const counts = () => bed.store.outbox.counts();
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let round = 0; !(await holds()); round += 1) {
    assert.ok(round < 500, 'it never happened');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('a fast answer costs one send and nothing else', async () => {
  const al = person();
  const before = bed.botApi.count();
  al.say('hi');
  await bed.botApi.waitForSent(1, { chatId: al.id });
  const made = bed.botApi
    .calls()
    .slice(before)
    .map((call) => call.method);
  assert.deepEqual(
    made.filter((method) => method !== 'getUpdates' && method !== 'getMe'),
    ['sendMessage'],
  );
});

test('a long answer leaves in order, also when its parts are refused for a while', async () => {
  const al = person();
  const paragraphs = Array.from({ length: 5 }, (_, index) => `part ${index} ${'x'.repeat(300)}`);
  bed.modelApi.answerNext([{ text: paragraphs.join('\n\n') }]);
  bed.botApi.fault('sendMessage', { status: 429, retryAfterSeconds: 1 });
  al.say('write much');
  await bed.botApi.waitForSent(5, { chatId: al.id });
  assert.deepEqual(
    bed.botApi.texts(al.id).map((text) => text.slice(0, 6)),
    ['part 0', 'part 1', 'part 2', 'part 3', 'part 4'],
  );
});

test('only the chat that is refused waits, and what it says next waits behind it', async () => {
  const [slow, fast] = [person(), person()];
  bed.modelApi.script((call) => [{ text: `re: ${call.lastUserText.split('\n').at(-1)}` }]);
  bed.botApi.fault('sendMessage', { status: 429, retryAfterSeconds: 1 });
  slow.say('one');
  await until(async () => (await counts()).queued === 1);
  slow.say('two');
  fast.say('hello');
  const reply = await bed.botApi.waitForSent(1, { chatId: fast.id });
  assert.equal(reply.text, 're: hello');
  assert.deepEqual(bed.botApi.texts(slow.id), []);
  await bed.botApi.waitForSent(2, { chatId: slow.id });
  assert.deepEqual(bed.botApi.texts(slow.id), ['re: one', 're: two']);
});

test('what certainly did not arrive is sent again, unmarked', async () => {
  const al = person();
  bed.modelApi.script();
  await bed.botApi.network('refused');
  const waiting = bed.botApi.waitForSent(1, { chatId: al.id, timeoutMs: 20_000 });
  await bed.gateway.say({ channel: 'telegram', account: 'default', chatId: String(al.id) }, 'here');
  await until(async () => (await counts()).queued === 1);
  await bed.botApi.network('up');
  assert.equal((await waiting).text, 'here');
  assert.equal(bed.botApi.texts(al.id).length, 1);
});

test('what may have arrived is sent once more, and says so', async () => {
  const al = person();
  bed.modelApi.answerNext([{ text: 'precious' }]);
  bed.botApi.fault('sendMessage', { reset: 'after' });
  al.say('hi');
  await bed.botApi.waitForSent(2, { chatId: al.id });
  assert.deepEqual(bed.botApi.texts(al.id), ['precious', '(may be a repeat) precious']);
});

test('a marked repeat that grew too long is marked in each of its messages', async () => {
  const al = person();
  const whole = 'x'.repeat(395);
  bed.modelApi.answerNext([{ text: whole }]);
  bed.botApi.fault('sendMessage', { reset: 'after' });
  al.say('hi');
  await bed.botApi.waitForSent(3, { chatId: al.id });
  const [first, ...again] = bed.botApi.texts(al.id);
  assert.equal(first, whole);
  assert.equal(again.map((text) => text.replace('(may be a repeat) ', '')).join(''), whole);
  assert.ok(again.every((text) => text.startsWith('(may be a repeat) ')));
});

test('a network that breaks every call for a while costs no answer', async () => {
  const al = person();
  bed.modelApi.answerNext([{ text: 'dear' }]);
  bed.botApi.fault('sendMessage', { reset: 'before', times: 3 });
  al.say('hi');
  await bed.botApi.waitForSent(1, { chatId: al.id, timeoutMs: 20_000 });
  assert.deepEqual(bed.botApi.texts(al.id), ['(may be a repeat) dear']);
});

test('an answer that nobody can receive is given up and shown to the owner', async () => {
  const gone = bed.botApi.person(999);
  bed.modelApi.script((call) => {
    gone.block();
    return [{ text: `never ${call.lastUserText.length}` }];
  });
  gone.text('hi');
  await until(async () => (await counts()).failed === 1);
  const { undelivered, deliveries, messages } = await bed.gateway.status();
  assert.equal(deliveries.failed, 1);
  assert.deepEqual([undelivered[0]?.chatId, undelivered[0]?.state], ['999', 'failed']);
  assert.match(undelivered[0]?.reason ?? '', /blocked/);
  assert.equal(messages.running, 0);
  bed.modelApi.script();
});

test('nothing is left behind', async () => {
  assert.deepEqual(await counts(), { ...(await counts()), queued: 0, sending: 0, uncertain: 0 });
});
