// Who is to blame for the death of the process.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blamesOf, isGuilty, recordsIn, Trials } from '../../src/gateway/trials.ts';
import type { Blames } from '../../src/gateway/trials.ts';

const busy = (turnId: string) => ({ turnId, resting: false });
const resting = (turnId: string) => ({ turnId, resting: true });
const turn = (id: string, deaths: number) => ({ id, deaths });
const NONE: Blames = new Map();

function storeOf() {
  const facts = new Map<string, string>();
  return {
    facts,
    getFact: async (name: string) => facts.get(name),
    setFact: async (name: string, value: string) => void facts.set(name, value),
    durable: async () => {},
  };
}

test('blamed is who alone was on trial and busy', () => {
  const interrupted = [turn('t1', 2), turn('t2', 2), turn('t3', 1)];
  assert.deepEqual([...blamesOf(interrupted, [busy('t1'), resting('t2')], NONE)], [['t1', 1]]);
  assert.deepEqual([...blamesOf(interrupted, [busy('t1'), busy('t2')], NONE)], []);
  assert.deepEqual([...blamesOf(interrupted, [resting('t1')], NONE)], []);
  assert.deepEqual([...blamesOf(interrupted, [], NONE)], [], 'several ran, nobody on trial');
  assert.deepEqual([...blamesOf([turn('t1', 1)], [], NONE)], [['t1', 1]], 'nothing else ran');
  assert.deepEqual([...blamesOf([turn('t1', 2)], [busy('t9')], NONE)], [], 'another was on trial, and is over');
});

test('blames add up until the turn gets further', () => {
  const before: Blames = new Map([
    ['t1', 1],
    ['t2', 1],
    ['gone', 1],
  ]);
  assert.deepEqual([...blamesOf([turn('t1', 3), turn('t2', 1)], [busy('t1')], before)], [['t1', 2]]);
});

test('guilty is who was blamed twice, or was alone on trial far too often', () => {
  assert.equal(isGuilty(turn('t1', 2), [busy('t1')], new Map([['t1', 2]])), true);
  assert.equal(isGuilty(turn('t1', 9), [busy('t1'), busy('t2')], new Map([['t1', 1]])), false);
  assert.equal(isGuilty(turn('t1', 4), [resting('t1')], NONE), false);
  assert.equal(isGuilty(turn('t1', 5), [resting('t1')], NONE), true);
  assert.equal(isGuilty(turn('t1', 5), [resting('t1'), resting('t2')], NONE), false);
});

test('a message that kills at once, alone: guilty at the second death', async () => {
  const store = storeOf();
  const first = new Trials(store);
  assert.equal((await first.judge([turn('t1', 1)])).guilty.size, 0);
  await first.begin('t1');
  assert.deepEqual([...(await new Trials(store).judge([turn('t1', 2)])).guilty], ['t1']);
});

test('what is on trial is on disk before it runs, rests after a while, wakes on disk, and is off it when it gets further', async () => {
  const store = storeOf();
  const trials = new Trials(store);
  const onDisk = () => recordsIn(store.facts.get('recovery.trial'));
  const [one, two] = [await trials.begin('t1'), await trials.begin('t2')];
  assert.deepEqual(onDisk(), [busy('t1'), busy('t2')]);
  one.rests();
  await one.quiet;
  assert.deepEqual(onDisk(), [resting('t1'), busy('t2')]);
  await one.wakes();
  assert.deepEqual(onDisk(), [busy('t1'), busy('t2')]);
  two.further();
  await two.quiet;
  assert.deepEqual(onDisk(), [busy('t1')]);
  two.rests();
  await two.wakes();
  await trials.acquit();
  assert.deepEqual(blamesOf([turn('t1', 1)], onDisk(), NONE), NONE, "an end in order is nobody's fault");
  await new Trials(store).forget();
  assert.deepEqual(onDisk(), []);
});
