// Who is to blame for the death of the process.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isGuilty, Trials } from '../../src/gateway/trials.ts';

const busy = (turnId: string) => ({ turnId, resting: false });
const resting = (turnId: string) => ({ turnId, resting: true });

function storeOf() {
  const facts = new Map<string, string>();
  return {
    facts,
    getFact: async (name: string) => facts.get(name),
    setFact: async (name: string, value: string) => void facts.set(name, value),
    durable: async () => {},
  };
}

test('alone, busy, and for the second time: guilty', () => {
  assert.equal(isGuilty({ id: 't1', deaths: 2 }, [busy('t1')]), true);
  assert.equal(isGuilty({ id: 't1', deaths: 2 }, [busy('t1'), resting('t2'), resting('t3')]), true);
});

test('for the first time, not on trial, or beside somebody else who was busy: not guilty', () => {
  assert.equal(isGuilty({ id: 't1', deaths: 1 }, [busy('t1')]), false);
  assert.equal(isGuilty({ id: 't1', deaths: 9 }, []), false);
  assert.equal(isGuilty({ id: 't1', deaths: 9 }, [busy('t2')]), false);
  assert.equal(isGuilty({ id: 't1', deaths: 9 }, [busy('t1'), busy('t2')]), false);
  assert.equal(isGuilty({ id: 't1', deaths: 9 }, [resting('t1'), busy('t2')]), false);
});

test('who only waited for a model is blamed late, and only alone', () => {
  assert.equal(isGuilty({ id: 't1', deaths: 3 }, [resting('t1')]), false);
  assert.equal(isGuilty({ id: 't1', deaths: 4 }, [resting('t1')]), true);
  assert.equal(isGuilty({ id: 't1', deaths: 4 }, [resting('t1'), resting('t2')]), false);
});

test('what is on trial is on disk before it runs, rests after a while, wakes on disk, and is off it when it gets further', async () => {
  const store = storeOf();
  const trials = new Trials(store);
  const [one, two] = [await trials.begin('t1'), await trials.begin('t2')];
  assert.deepEqual(await new Trials(store).last(), [busy('t1'), busy('t2')]);
  one.rests();
  await one.quiet;
  assert.deepEqual(await new Trials(store).last(), [resting('t1'), busy('t2')]);
  await one.wakes();
  assert.deepEqual(await new Trials(store).last(), [busy('t1'), busy('t2')]);
  two.further();
  await two.quiet;
  assert.deepEqual(await new Trials(store).last(), [busy('t1')]);
  two.rests();
  await two.wakes();
  await trials.acquit();
  assert.deepEqual(await new Trials(store).last(), []);
});
