// What people see while an answer grows: one message that is edited, finished by the answer itself.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { createBed, createSurroundings } from './bed/bed.ts';
import type { Bed } from './bed/bed.ts';
import { toolOf } from './bed/tools.ts';

let bed: Bed;
let nextPerson = 1_000;

before(async () => {
  const slow = toolOf('slow', 'read', () => new Promise((resolve) => setTimeout(() => resolve('done'), 900)));
  bed = await createBed({ admission: { dmPolicy: 'open', allowFrom: ['*'] }, tools: [slow] });
});
after(() => bed.close());
afterEach(() => {
  bed.botApi.clearFaults();
  bed.modelApi.script();
});

function person() {
  nextPerson += 1;
  return Object.assign(bed.botApi.person(nextPerson), { id: nextPerson });
}

async function answered(): Promise<void> {
  for (let round = 0; round < 600; round += 1) {
    const { running, queued } = await bed.store.inbox.counts();
    const { sending, queued: waiting } = await bed.store.outbox.counts();
    if (running + queued + sending + waiting === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail('it never ended');
}

test('a slow answer grows in one message, across steps, and ends whole', async () => {
  const al = person();
  bed.modelApi.answerNext(
    [{ text: 'First I look.' }, { waitMs: 900 }, { call: 'slow' }],
    [{ text: 'Then ' }, { waitMs: 1_200 }, { text: 'I **answer**.' }],
  );
  al.text('go');
  await bed.botApi.waitForSent(1, { chatId: al.id });
  await answered();
  const sent = bed.botApi.sent(al.id);
  assert.equal(sent.length, 1);
  assert.equal(sent[0]?.text, 'First I look.\n\nThen I answer.');
  assert.equal(sent[0]?.earlierTexts[0], 'First I look.');
  assert.ok(bed.botApi.world.chatActions.some((action) => action.chatId === al.id && action.action === 'typing'));
});

test('what is left over of a long answer follows in messages of its own', async () => {
  const al = person();
  const long = Array.from({ length: 120 }, (_, index) => `line ${index} ${'y'.repeat(40)}`).join('\n\n');
  bed.modelApi.answerNext([{ text: 'Once ' }, { waitMs: 900 }, { text: long }]);
  al.text('go');
  await bed.botApi.waitForSent(2, { chatId: al.id });
  await answered();
  const texts = bed.botApi.texts(al.id);
  assert.match(texts[0] ?? '', /^Once line 0 /);
  assert.match(texts.at(-1) ?? '', /line 119 y+$/);
  assert.equal(texts.join('\n').match(/line \d+ /g)?.length, 120);
});

test('a preview that the person deleted does not swallow the answer', async () => {
  const al = person();
  bed.modelApi.answerNext([{ text: 'Half ' }, { waitMs: 1_500 }, { text: 'and half.' }]);
  al.text('go');
  await bed.botApi.waitForSent(1, { chatId: al.id });
  bed.botApi.fault('editMessageText', { status: 400, description: 'Bad Request: message to edit not found', times: 9 });
  await answered();
  assert.equal(bed.botApi.texts(al.id).at(-1), 'Half and half.');
});

test('a preview that cannot be shown costs nothing but itself', async () => {
  const al = person();
  bed.modelApi.answerNext([{ text: 'Half ' }, { waitMs: 1_500 }, { text: 'and half.' }]);
  bed.botApi.fault('sendMessage', { status: 429, retryAfterSeconds: 1 });
  al.text('go');
  await bed.botApi.waitForSent(1, { chatId: al.id });
  await answered();
  assert.deepEqual(bed.botApi.texts(al.id), ['Half and half.']);
});

test('after a preview whose sending broke off, the answer is marked as a possible repeat', async () => {
  const al = person();
  bed.modelApi.answerNext([{ text: 'Half ' }, { waitMs: 1_500 }, { text: 'and half.' }]);
  bed.botApi.fault('sendMessage', { reset: 'after' });
  al.text('go');
  await bed.botApi.waitForSent(2, { chatId: al.id });
  await answered();
  assert.deepEqual(bed.botApi.texts(al.id), ['Half', '(may be a repeat) Half and half.']);
});

test('a death while a preview is sent leaves no second preview, and the answer is marked', async () => {
  const around = await createSurroundings();
  const options = { surroundings: around, admission: { dmPolicy: 'open' as const, allowFrom: ['*'] } };
  const first = await createBed(options);
  around.modelApi.script(() => [{ text: 'Half ' }, { waitMs: 1_500 }, { text: 'and half.' }]);
  around.botApi.fault('sendMessage', { silent: true });
  const al = around.botApi.person(7);
  al.text('go');
  await around.botApi.waitForSent(1, { chatId: 7 });
  await first.stop(0);
  const second = await createBed(options);
  await around.botApi.waitForSent(2, { chatId: 7 });
  assert.deepEqual(around.botApi.texts(7), ['Half', '(may be a repeat) Half and half.']);
  await second.close();
});

test('an answer that was taken back is not left standing', async () => {
  const al = person();
  bed.modelApi.answerNext([{ text: 'Nonsense' }, { waitMs: 900 }, { reset: true }], [{ text: 'Sense.' }]);
  al.text('go');
  await bed.botApi.waitForSent(1, { chatId: al.id });
  await answered();
  assert.deepEqual(bed.botApi.texts(al.id), ['Sense.']);
});

test('a stopped answer stays as far as it got, marked', async () => {
  const al = person();
  bed.modelApi.answerNext([{ text: 'I was about to' }, { waitMs: 30_000 }]);
  al.text('go');
  await bed.botApi.waitForSent(1, { chatId: al.id });
  al.text('/stop');
  await bed.botApi.waitForSent(2, { chatId: al.id });
  await answered();
  assert.deepEqual(bed.botApi.texts(al.id), ['I was about to\n\n(stopped)', 'Stopped.']);
});

test('silence on purpose shows nothing', async () => {
  const al = person();
  bed.modelApi.answerNext([{ text: 'NO_' }, { waitMs: 1_200 }, { text: 'REPLY' }]);
  const before = (await bed.store.inbox.counts()).answered;
  al.text('go');
  while ((await bed.store.inbox.counts()).answered === before) await new Promise((resolve) => setTimeout(resolve, 10));
  await answered();
  assert.deepEqual(bed.botApi.texts(al.id), []);
});
