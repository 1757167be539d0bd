// SIGKILL at each step of the journal: the turn goes on from its last step, no change is made twice, the person gets one answer.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { systemClock } from '../../src/domain/clock.ts';
import { silentLog } from '../../src/domain/log.ts';
import type { Store } from '../../src/domain/store.ts';
import { openStore } from '../../src/store/index.ts';
import { closeSurroundings, createSurroundings } from './bed/bed.ts';
import type { Surroundings } from './bed/bed.ts';
import { effectsOf, startVictim } from './bed/victim.ts';
import type { Victim } from './bed/victim.ts';

const AL = 555;
const victims = new Set<Victim>();
after(() => Promise.all([...victims].map((victim) => victim.kill())));

interface Scene extends Surroundings {
  start(options?: Parameters<typeof startVictim>[1]): Victim;
  /** Looks into the store while no gateway runs. */
  look<T>(work: (store: Store) => Promise<T>): Promise<T>;
  say(text: string): void;
}

async function sceneFor(context: TestContext): Promise<Scene> {
  const around = await createSurroundings();
  const own = new Set<Victim>();
  context.after(async () => {
    await Promise.all([...own].map((victim) => victim.kill()));
    await closeSurroundings(around);
  });
  return {
    ...around,
    start(options) {
      const victim = startVictim(around, options);
      own.add(victim);
      victims.add(victim);
      return victim;
    },
    async look(work) {
      const store = await openStore({ path: join(around.dir, 'openclaw.db'), clock: systemClock, log: silentLog });
      try {
        return await work(store);
      } finally {
        await store.close();
      }
    },
    say: (text) => void around.botApi.person(AL).text(text),
  };
}

const patience = { timeoutMs: 20_000 };

test('killed while the model answers: asked again, answered once', async (context) => {
  const scene = await sceneFor(context);
  scene.modelApi.answerNext([{ text: 'I was' }, { silent: true }], [{ text: 'Here it is.' }]);
  const victim = scene.start();
  scene.say('hi');
  await scene.modelApi.waitForRequests(1, 20_000);
  await victim.kill();
  scene.start();
  const answer = await scene.botApi.waitForSent(1, patience);
  assert.equal(answer.text, 'Here it is.');
  assert.deepEqual(scene.modelApi.requests[0]?.messages, scene.modelApi.requests[1]?.messages);
});

test('killed inside a change: not repeated, told to the model', async (context) => {
  const scene = await sceneFor(context);
  scene.modelApi.answerNext([{ call: 'write', input: { word: 'once', die: true } }]);
  const victim = scene.start();
  scene.say('do it');
  assert.equal(await victim.ended, 'SIGKILL');
  scene.modelApi.script((call) => [
    { text: call.results[0]?.text.startsWith('Interrupted') ? 'It may have happened.' : 'wrong' },
  ]);
  scene.start();
  assert.equal((await scene.botApi.waitForSent(1, patience)).text, 'It may have happened.');
  assert.deepEqual(await effectsOf(scene), ['write once']);
});

test('killed inside a read: repeated', async (context) => {
  const scene = await sceneFor(context);
  // The first life dies with the model's second question open, so that the read itself is done and journaled.
  scene.modelApi.answerNext([{ call: 'read', input: { word: 'slow', ms: 60_000 } }]);
  const victim = scene.start();
  scene.say('look');
  while ((await effectsOf(scene)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await victim.kill();
  assert.deepEqual(await effectsOf(scene), ['read slow']);
  scene.modelApi.script(() => [{ text: 'seen' }]);
  const next = scene.start({ agent: { limits: { steps: 50, timeoutMs: 2_000, tokens: 2_000_000, sameCall: 4 } } });
  while ((await effectsOf(scene)).length === 1) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(await effectsOf(scene), ['read slow', 'read slow']);
  await next.kill();
});

test('killed between two steps: what is journaled is not done again', async (context) => {
  const scene = await sceneFor(context);
  scene.modelApi.answerNext([{ call: 'write', input: { word: 'a' } }], [{ silent: true }]);
  const victim = scene.start();
  scene.say('go');
  await scene.modelApi.waitForRequests(2, 20_000);
  await victim.kill();
  scene.modelApi.answerNext([{ call: 'write', input: { word: 'b' } }], [{ text: 'a and b' }]);
  scene.start();
  assert.equal((await scene.botApi.waitForSent(1, patience)).text, 'a and b');
  assert.deepEqual(await effectsOf(scene), ['write a', 'write b']);
});

test('killed while the reply is on its way, and nobody knows whether it arrived: sent once more, marked', async (context) => {
  const scene = await sceneFor(context);
  scene.modelApi.answerNext([{ text: 'precious' }]);
  scene.botApi.fault('sendMessage', { silent: true });
  const victim = scene.start();
  scene.say('hi');
  await scene.botApi.waitForSent(1, patience);
  await victim.kill();
  scene.start();
  await scene.botApi.waitForSent(2, patience);
  assert.deepEqual(scene.botApi.texts(AL), ['precious', '(may be a repeat) precious']);
  assert.equal(scene.modelApi.count(), 1);
});

test('killed with a preview shown: the same message is finished', async (context) => {
  const scene = await sceneFor(context);
  scene.modelApi.answerNext([{ text: 'It begins' }, { waitMs: 60_000 }], [{ text: 'It begins and ends.' }]);
  const victim = scene.start();
  scene.say('hi');
  await scene.botApi.waitForSent(1, patience);
  // The message's id is on disk a moment after the platform told it.
  await new Promise((resolve) => setTimeout(resolve, 300));
  await victim.kill();
  scene.start();
  await scene.botApi.until(() => scene.botApi.texts(AL)[0] === 'It begins and ends.', 20_000);
  assert.equal(scene.botApi.sent(AL).length, 1);
});

test('killed with messages waiting: they keep their order behind the one that was interrupted', async (context) => {
  const scene = await sceneFor(context);
  scene.modelApi.answerNext([{ silent: true }]);
  const victim = scene.start({ queue: { mode: 'followup' } });
  scene.say('one');
  await scene.modelApi.waitForRequests(1, 20_000);
  scene.say('two');
  scene.say('three');
  await scene.botApi.until(() => scene.botApi.pending().length === 0, 20_000);
  await victim.kill();
  scene.modelApi.script((call) => [{ text: `re ${call.lastUserText.split('\n').at(-1)}` }]);
  scene.start({ queue: { mode: 'followup' } });
  await scene.botApi.waitForSent(3, patience);
  assert.deepEqual(scene.botApi.texts(AL), ['re one', 're two', 're three']);
});

test('killed before the platform was told what is received: nothing is answered twice', async (context) => {
  const scene = await sceneFor(context);
  const victim = scene.start();
  await scene.botApi.until(() => scene.botApi.polling(), 20_000);
  // The next poll, which would confirm the message, never arrives.
  scene.botApi.fault('getUpdates', { reset: 'before', times: Infinity });
  scene.say('once');
  await scene.botApi.waitForSent(1, patience);
  assert.equal(scene.botApi.pending().length, 1);
  await victim.kill();
  scene.botApi.clearFaults();
  scene.say('twice');
  const next = scene.start();
  await scene.botApi.waitForSent(2, patience);
  assert.equal(await next.kill('SIGTERM'), '0');
  const rows = await scene.look((store) => store.inbox.list({ limit: 10 }));
  assert.deepEqual(
    rows.map((row) => [row.text, row.state]),
    [
      ['twice', 'answered'],
      ['once', 'answered'],
    ],
  );
});

test('messages that waited unclaimed are claimed once, and are no suspects', async (context) => {
  const scene = await sceneFor(context);
  scene.modelApi.answerNext([{ silent: true }]);
  const victim = scene.start({ gateway: { maxConcurrentTurns: 1 } });
  scene.botApi.person(1).text('n1');
  await scene.modelApi.waitForRequests(1, 20_000);
  for (const id of [2, 3, 4]) scene.botApi.person(id).text(`n${id}`);
  scene.botApi.person(2).text('/whoami');
  await scene.botApi.waitForSent(1, { chatId: 2, ...patience });
  await victim.kill();
  scene.botApi.person(5).text('n5');
  const next = scene.start();
  for (const id of [1, 3, 4, 5]) await scene.botApi.waitForSent(1, { chatId: id, ...patience });
  await scene.botApi.until(() => scene.botApi.texts(2).some((text) => text.includes('n2')), 20_000);
  assert.equal(await next.kill('SIGTERM'), '0');
  assert.equal(scene.modelApi.count(), 6);
  // The answer to /whoami may have been cut off before it was written down as sent.
  assert.equal(scene.botApi.texts().filter((text) => !text.startsWith('(may be a repeat)')).length, 6);
});

test('a message that kills the process twice is set aside, told to its sender, and blocks nobody', async (context) => {
  const scene = await sceneFor(context);
  scene.modelApi.script((call) => {
    if (call.lastUserText.endsWith('poison')) return [{ call: 'read', input: { word: 'poison', die: true } }];
    return [{ text: 'fine' }];
  });
  let victim = scene.start();
  scene.say('poison');
  assert.equal(await victim.ended, 'SIGKILL');
  scene.say('behind it');
  scene.botApi.person(777).text('hello');
  victim = scene.start();
  assert.equal(await victim.ended, 'SIGKILL', 'the second life repeats the read');
  victim = scene.start();
  const told = await scene.botApi.waitForSent(1, { chatId: AL, ...patience });
  assert.match(told.text, /^Your message was set aside/);
  assert.equal((await scene.botApi.waitForSent(1, { chatId: 777, ...patience })).text, 'fine');
  assert.equal((await scene.botApi.waitForSent(2, { chatId: AL, ...patience })).text, 'fine', 'what waited behind it');
  await victim.kill();
  const states = await scene.look((store) => store.inbox.counts());
  assert.deepEqual(states, { queued: 0, running: 0, answered: 2, refused: 0, quarantined: 1 });
  assert.deepEqual(await effectsOf(scene), ['read poison', 'read poison']);
});

test('among several interrupted turns only the guilty one is set aside', async (context) => {
  const scene = await sceneFor(context);
  let healthy = false;
  scene.modelApi.script((call) => {
    if (call.lastUserText.endsWith('poison')) return [{ call: 'read', input: { word: 'poison', die: true, ms: 0 } }];
    return healthy ? [{ text: `fine ${call.lastUserText.split('\n').at(-1)}` }] : [{ silent: true }];
  });
  let victim = scene.start();
  for (const id of [1, 2, 3]) scene.botApi.person(id).text(`n${id}`);
  await scene.modelApi.waitForRequests(3, 20_000);
  scene.say('poison');
  const told = scene.botApi.waitForSent(1, { chatId: AL, timeoutMs: 60_000 }).then((message) => message.text);
  let lives = 0;
  while ((await Promise.race([victim.ended, told])) === 'SIGKILL') {
    lives += 1;
    assert.ok(lives <= 5, 'it takes too many lives');
    // From the third life on the others would be answered, were they not set aside.
    healthy = lives >= 2;
    victim = scene.start();
  }
  assert.match(await told, /^Your message was set aside/);
  for (const id of [1, 2, 3]) assert.equal((await scene.botApi.waitForSent(1, { chatId: id, ...patience })).text, `fine n${id}`);
});

test('asked to stop, it ends with 0 and leaves the running turn for the next life', async (context) => {
  const scene = await sceneFor(context);
  scene.modelApi.answerNext([{ silent: true }], [{ text: 'at last' }]);
  const victim = scene.start();
  scene.say('hi');
  await scene.modelApi.waitForRequests(1, 20_000);
  assert.equal(await victim.kill('SIGTERM'), '0');
  assert.deepEqual(await scene.look((store) => store.inbox.counts()), {
    queued: 0,
    running: 1,
    answered: 0,
    refused: 0,
    quarantined: 0,
  });
  scene.start();
  assert.equal((await scene.botApi.waitForSent(1, patience)).text, 'at last');
});
