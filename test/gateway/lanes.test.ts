// Lanes: order within each, the bound on all, fairness between people, and every queue mode.
import assert from 'node:assert/strict';
import { setImmediate as tick } from 'node:timers/promises';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { TurnAbort } from '../../src/agent/parts.ts';
import { silentLog } from '../../src/domain/log.ts';
import type { QueueSettings } from '../../src/domain/settings.ts';
import { Lanes } from '../../src/gateway/lanes.ts';
import type { ClaimedTurn, RunningLane } from '../../src/gateway/lanes.ts';
import type { WindowLimits } from '../../src/gateway/lane-queue.ts';
import { createLaneStore } from './bed/lane-store.ts';
import { queueSettings } from './bed/settings.ts';

interface Running extends ClaimedTurn {
  lane: RunningLane;
  finish(): void;
}

function createBed(options: { most?: number; queue?: Partial<QueueSettings>; window?: WindowLimits } = {}) {
  const store = createLaneStore();
  const running: Running[] = [];
  /** Texts in the order in which turns took them. */
  const taken: { key: string; senderId: string; texts: string[] }[] = [];
  let highest = 0;
  const lanes = new Lanes({
    store: store.parts,
    queue: () => queueSettings(options.queue),
    mostRunning: () => options.most ?? 4,
    log: silentLog,
    ...(options.window && { window: options.window }),
    run: (claimed, lane) =>
      new Promise((resolve) => {
        const { turn } = claimed;
        taken.push({ key: lane.key, senderId: lane.senderId, texts: turn.messages.map((message) => message.text) });
        assert.ok(!running.some((other) => other.turn.sessionKey === turn.sessionKey), 'two turns of one lane at once');
        const one = { ...claimed, lane, finish };
        function finish(): void {
          running.splice(running.indexOf(one), 1);
          store.end(turn);
          resolve();
        }
        running.push(one);
        highest = Math.max(highest, running.length);
      }),
  });
  return {
    store,
    lanes,
    running,
    taken,
    highest: () => highest,
    arrive(key: string, senderId: string, text: string) {
      store.receive(key, senderId, text);
      lanes.wake({ key, senderId, messages: 1 });
    },
    async settle() {
      for (let turn = 0; turn < 6; turn += 1) await tick();
    },
  };
}

const arrival = fc.record({ kind: fc.constant('arrive' as const), sender: fc.nat(2), lane: fc.nat(1) });
const ending = fc.record({ kind: fc.constant('end' as const), which: fc.nat(20) });
const pausing = fc.record({ kind: fc.constant('pause' as const) });
const script = fc.array(fc.oneof({ weight: 4, arbitrary: arrival }, { weight: 3, arbitrary: ending }, pausing), {
  maxLength: 120,
});

test('property: order within a lane, never above the bound, and everything is taken in the end', async () => {
  const mode = fc.constantFrom('collect' as const, 'followup' as const);
  const window = fc.record({ lanes: fc.integer({ min: 1, max: 8 }), lanesPerSender: fc.integer({ min: 1, max: 3 }) });
  await fc.assert(
    fc.asyncProperty(script, fc.integer({ min: 1, max: 4 }), mode, window, async (steps, most, queueMode, limits) => {
      const bed = createBed({ most, queue: { mode: queueMode, cap: 3 }, window: limits });
      let number = 0;
      const sent = new Map<string, string[]>();
      for (const step of steps) {
        if (step.kind === 'pause') await bed.settle();
        if (step.kind === 'end') bed.running[step.which % Math.max(1, bed.running.length)]?.finish();
        if (step.kind !== 'arrive') continue;
        const key = `agent:main:${step.sender}:${step.lane}`;
        number += 1;
        sent.set(key, [...(sent.get(key) ?? []), String(number)]);
        bed.arrive(key, String(step.sender), String(number));
      }
      for (let round = 0; bed.running.length > 0 || bed.store.waiting() > 0; round += 1) {
        assert.ok(round < 500, 'something waits for ever');
        await bed.settle();
        bed.running[0]?.finish();
      }
      assert.ok(bed.highest() <= most, `${bed.highest()} turns ran at once`);
      for (const [key, texts] of sent) {
        assert.deepEqual(
          bed.taken.filter((turn) => turn.key === key).flatMap((turn) => turn.texts),
          texts,
        );
      }
    }),
    { numRuns: 300 },
  );
});

test('property: nobody waits for more than one turn of each other person', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 5 }), async (flood, others) => {
      const bed = createBed({ most: 1 });
      for (let index = 0; index < flood; index += 1) bed.arrive(`flood:${index}`, 'flooder', 'x');
      for (let index = 0; index < others; index += 1) bed.arrive(`other:${index}`, `other${index}`, 'y');
      await bed.settle();
      while (bed.running.length > 0) {
        bed.running[0]?.finish();
        await bed.settle();
      }
      // The first of the flood was running already; then each of the others has had a turn before the flood has its third.
      const early = bed.taken.slice(0, others + 2).filter((turn) => turn.senderId !== 'flooder');
      assert.equal(early.length, others);
    }),
    { numRuns: 50 },
  );
});

test('lanes that do not fit into the window come from the store', async () => {
  const bed = createBed({ most: 2, window: { lanes: 5, lanesPerSender: 3 } });
  for (let index = 0; index < 60; index += 1) bed.arrive(`lane:${index}`, `person${index % 7}`, 'x');
  for (let round = 0; bed.store.waiting() > 0 || bed.running.length > 0; round += 1) {
    assert.ok(round < 200, 'a lane was forgotten');
    await bed.settle();
    bed.running[0]?.finish();
  }
  assert.equal(bed.taken.length, 60);
});

test('collect: what comes during a turn becomes one turn, up to the cap', async () => {
  const bed = createBed({ queue: { mode: 'collect', cap: 2 } });
  for (const text of ['1', '2', '3', '4', '5']) bed.arrive('a', 'p', text);
  for (let turn = 0; turn < 3; turn += 1) {
    await bed.settle();
    bed.running[0]?.finish();
  }
  assert.deepEqual(
    bed.taken.map((turn) => turn.texts),
    [['1', '2'], ['3', '4'], ['5']],
  );
});

test('followup: one turn each, also where only the conversation says so', async () => {
  for (const setting of ['all', 'session'] as const) {
    const bed = createBed({ queue: { mode: setting === 'all' ? 'followup' : 'collect' } });
    if (setting === 'session') bed.store.settings.set('a', { queueMode: 'followup' });
    bed.arrive('a', 'p', '1');
    await bed.settle();
    for (const text of ['2', '3']) bed.arrive('a', 'p', text);
    for (let turn = 0; turn < 3; turn += 1) {
      await bed.settle();
      bed.running[0]?.finish();
    }
    assert.deepEqual(
      bed.taken.map((turn) => turn.texts),
      [['1'], ['2'], ['3']],
      setting,
    );
  }
});

test('steer: what waits joins the running turn, and is not taken twice', async () => {
  const bed = createBed({ queue: { mode: 'steer' } });
  bed.arrive('a', 'p', '1');
  await bed.settle();
  assert.deepEqual(await bed.running[0]?.lane.join(), []);
  bed.arrive('a', 'p', '2');
  const joined = await bed.running[0]?.lane.join();
  assert.deepEqual(
    joined?.map((message) => message.text),
    ['2'],
  );
  bed.running[0]?.finish();
  await bed.settle();
  assert.equal(bed.taken.length, 1);
});

test('in other modes nothing joins', async () => {
  const bed = createBed({ queue: { mode: 'collect' } });
  bed.arrive('a', 'p', '1');
  await bed.settle();
  bed.arrive('a', 'p', '2');
  assert.deepEqual(await bed.running[0]?.lane.join(), []);
});

test('interrupt: a new message aborts the running turn', async () => {
  const bed = createBed({ queue: { mode: 'interrupt' } });
  bed.arrive('a', 'p', '1');
  await bed.settle();
  bed.arrive('b', 'p', 'elsewhere');
  assert.equal(bed.running[0]?.lane.controller.signal.aborted, false);
  bed.arrive('a', 'p', '2');
  const reason = bed.running[0]?.lane.controller.signal.reason as TurnAbort;
  assert.ok(reason instanceof TurnAbort && reason.kind === 'interrupt');
});

test('patience: a long text waits for its rest, and goes at once when the lane is full', async () => {
  const bed = createBed({ queue: { cap: 2 } });
  bed.store.receive('a', 'p', 'begin');
  bed.lanes.wake({ key: 'a', senderId: 'p', messages: 1, patienceMs: 60_000 });
  await bed.settle();
  assert.equal(bed.taken.length, 0);
  bed.arrive('a', 'p', 'end');
  await bed.settle();
  assert.deepEqual(bed.taken[0]?.texts, ['begin', 'end']);
});

test('stop aborts the turn of its session only', async () => {
  const bed = createBed();
  bed.arrive('a', 'p', '1');
  bed.arrive('b', 'p', '1');
  await bed.settle();
  assert.equal(bed.lanes.stop('nobody'), false);
  assert.equal(bed.lanes.stop('a'), true);
  assert.deepEqual(
    bed.running.map((one) => one.lane.controller.signal.aborted),
    [true, false],
  );
});

test('draining starts nothing, lets turns end, and aborts what does not', async () => {
  const bed = createBed({ most: 2 });
  for (const key of ['a', 'b', 'c']) bed.arrive(key, 'p', '1');
  await bed.settle();
  const drained = bed.lanes.drain(20);
  bed.arrive('d', 'q', '1');
  bed.running[0]?.finish();
  await bed.settle();
  assert.equal(bed.taken.length, 2);
  const last = bed.running[0] as Running;
  await new Promise((resolve) => last.lane.controller.signal.addEventListener('abort', resolve));
  assert.equal((last.lane.controller.signal.reason as TurnAbort).kind, 'shutdown');
  last.finish();
  await drained;
});

test('a failing run does not stop its lane', async () => {
  const store = createLaneStore();
  const taken: string[] = [];
  const lanes = new Lanes({
    store: store.parts,
    queue: () => queueSettings(),
    mostRunning: () => 1,
    log: silentLog,
    async run({ turn }) {
      taken.push(turn.messages[0]?.text ?? '');
      store.end(turn);
      throw new Error('a bug');
    },
  });
  for (const text of ['1', '2']) {
    store.receive('a', 'p', text);
    lanes.wake({ key: 'a', senderId: 'p', messages: 1 });
    await tick();
  }
  assert.deepEqual(taken, ['1', '2']);
});

test('a resumed turn holds its lane, and what waits behind it follows', async () => {
  const bed = createBed();
  bed.store.receive('a', 'p', 'old');
  const claimed = (await bed.store.parts.inbox.claim('a', { all: true, most: 9 })) as ClaimedTurn;
  bed.store.receive('a', 'p', 'behind');
  bed.lanes.wakeFromStore();
  await bed.settle();
  assert.equal(bed.taken.length, 0);
  const resumed = bed.lanes.resume(claimed);
  await bed.settle();
  bed.running[0]?.finish();
  await resumed;
  await bed.settle();
  assert.deepEqual(
    bed.taken.map((turn) => turn.texts),
    [['old'], ['behind']],
  );
});
