// Chat commands through the whole gateway: beside the lane, for admitted people, once.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { SentMessage } from '../peers/bot-api.ts';
import { createBed } from './bed/bed.ts';
import type { Bed } from './bed/bed.ts';
import { toolOf } from './bed/tools.ts';

const AL = 555;
const KEY = 'agent:main:telegram:direct:555';
let bed: Bed;
let released = 0;

before(async () => {
  bed = await createBed({ tools: [toolOf('hang', 'write', () => new Promise(() => {}))], released: () => (released += 1) });
  await bed.store.pairings.allow({ channel: 'telegram', account: 'default', senderId: String(AL) });
});
after(() => bed.close());
beforeEach(() => bed.modelApi.script());

const al = () => bed.botApi.person(AL, { username: 'al' });

/** What comes back to one message. */
async function ask(text: string): Promise<SentMessage> {
  const before = bed.botApi.sent(AL).length;
  al().text(text);
  return bed.botApi.waitForSent(before + 1, { chatId: AL });
}

const buttonsOf = (message: SentMessage): string[] => {
  const markup = message.message.reply_markup as { inline_keyboard: { callback_data: string }[][] } | undefined;
  return markup?.inline_keyboard.flat().map((button) => button.callback_data) ?? [];
};

test('/help and /start', async () => {
  assert.match((await ask('/help')).text, /\/status – model.*\/retry – answer/s);
  assert.match((await ask('/start')).text, /^Hello, I am Claw\./);
  assert.equal(bed.modelApi.count(), 0);
});

test('/whoami says the ids, with a colon and in any case too', async () => {
  assert.match(
    (await ask('/whoami')).text,
    /^Channel: telegram\nUser id: 555\nUsername: @al\nConversation: agent:main:telegram:direct:555$/,
  );
  assert.match((await ask('/WhoAmI:')).text, /^Channel: telegram/);
  assert.match((await ask('/whoami@peer_bot')).text, /^Channel: telegram/);
});

test('an unknown command is text for the model, as it is', async () => {
  await ask('/weather in Zurich');
  assert.match(bed.modelApi.requests.at(-1)?.lastUserText ?? '', /\n\/weather in Zurich$/);
});

test('/status, /context and /usage', async () => {
  const status = (await ask('/status')).text;
  assert.match(status, /^OpenClaw 0\.0\.0-test\nModel: peer\/m1 · thinking: low\n/);
  assert.match(status, /of 128k · compactions: 0\n.*1 turns\n.*in a sandbox \(all, one per session\), workspace ro/s);
  assert.match((await ask('/context')).text, /instructions: .*1 tools: .*messages and answers: /s);
  assert.match((await ask('/usage')).text, /^Today: 1 model calls, /);
  assert.equal((await ask('/usage tokens')).text, 'Usage under each answer: tokens.');
  assert.match((await ask('hello')).text, /\n\nUsage: \d+ in \/ \d+ out$/);
  assert.match((await ask('/usage loud')).text, /^"loud" is not known/);
  await ask('/usage off');
});

test('/model: shows, chooses by name or button, refuses what is not there', async () => {
  const shown = await ask('/model');
  assert.match(shown.text, /^Model: peer\/m1\n/);
  assert.deepEqual(buttonsOf(shown), ['/model peer/m1', '/model peer/m2']);
  const before = bed.botApi.sent(AL).length;
  al().press(shown.messageId, '/model peer/m2');
  assert.equal((await bed.botApi.waitForSent(before + 1, { chatId: AL })).text, 'Model: peer/m2, from your next message on.');
  await ask('hi');
  assert.equal(bed.modelApi.requests.at(-1)?.model, 'm2');
  assert.match((await ask('/model nothing')).text, /^There is no model "nothing" here/);
  assert.match((await ask('/model m1')).text, /^Model: peer\/m1/);
  assert.equal((await ask('/model default')).text, 'Model: peer/m1 (the default).');
});

test('/think: shows, chooses, refuses', async () => {
  const shown = await ask('/think');
  assert.deepEqual(buttonsOf(shown).slice(0, 2), ['/think off', '/think minimal']);
  assert.equal((await ask('/think high')).text, 'Thinking: high, from your next message on.');
  assert.match((await ask('/think hard')).text, /^"hard" is no level/);
  assert.match((await ask('/think default')).text, /^Thinking: low \(the default\)/);
});

test('/new: an empty history, the same settings, no old sandbox', async () => {
  await ask('remember the cat');
  assert.match((await ask('/new')).text, /^A new conversation begins\. Model: peer\/m1\.$/);
  await ask('what do you remember?');
  assert.doesNotMatch(JSON.stringify(bed.modelApi.requests.at(-1)?.messages), /cat/);
  assert.equal(released, 1);
});

test('/stop works during a turn, and drops what waits', async () => {
  bed.modelApi.answerNext([{ call: 'hang' }]);
  al().text('hang');
  await bed.botApi.until(() => true);
  while ((await bed.store.inbox.counts()).running === 0) await new Promise((resolve) => setImmediate(resolve));
  al().text('waits');
  while ((await bed.store.inbox.counts()).queued === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.match((await ask('/status')).text, /Now: an answer is being worked on/);
  assert.equal((await ask('/stop')).text, 'Stopped. One waiting message was dropped.');
  while ((await bed.store.inbox.counts()).running > 0) await new Promise((resolve) => setImmediate(resolve));
  const [dropped] = await bed.store.inbox.list({ states: ['refused'], limit: 2 });
  const reasons = (await bed.store.inbox.list({ states: ['refused'], limit: 2 })).map((message) => message.reason).toSorted();
  assert.deepEqual(reasons, ['dropped by /stop', 'stopped'], dropped?.text);
  assert.equal((await ask('/stop')).text, 'Nothing is running.');
});

test('/new stops what runs', async () => {
  bed.modelApi.answerNext([{ call: 'hang' }]);
  al().text('hang again');
  while (!bed.modelApi.requests.at(-1)?.lastUserText.endsWith('hang again'))
    await bed.modelApi.waitForRequests(bed.modelApi.count() + 1);
  assert.match((await ask('/new')).text, /What was running is stopped\.$/);
  await ask('fresh');
  assert.doesNotMatch(JSON.stringify(bed.modelApi.requests.at(-1)?.messages), /hang/);
});

test('/retry asks again, word for word; /compact sums up', async () => {
  await ask('/new');
  assert.equal((await ask('/retry')).text, 'There is nothing to try again yet.');
  assert.equal((await ask('/compact')).text, 'There is nothing to sum up yet.');
  bed.modelApi.answerNext([{ text: 'no' }], [{ text: 'yes' }]);
  await ask('may I?');
  assert.equal((await ask('/retry')).text, 'yes');
  assert.match(bed.modelApi.requests.at(-1)?.lastUserText ?? '', /asked again with \/retry.*\]\nmay I\?$/s);
  bed.modelApi.answerNext([{ text: 'They asked whether they may.' }]);
  assert.match((await ask('/compact')).text, /^The conversation so far is summed up: about \d+ tokens became \d+\.$/);
  await ask('and?');
  assert.match(JSON.stringify(bed.modelApi.requests.at(-1)?.messages[0]), /They asked whether they may\./);
});

test("a stranger's command is a stranger's message", async () => {
  const stranger = bed.botApi.person(666);
  stranger.text('/status');
  const answer = await bed.botApi.waitForSent(1, { chatId: 666 });
  assert.match(answer.text, /Pairing code/);
});

test('a command is answered once, also when it comes twice', async () => {
  const counts = await bed.store.inbox.counts();
  await ask('/help');
  const after = await bed.store.inbox.counts();
  assert.equal(after.answered, counts.answered + 1);
  assert.equal(after.queued, 0);
  assert.deepEqual(await bed.store.inbox.unfinishedCommands(), []);
  assert.ok(await bed.store.sessions.get(KEY));
});
