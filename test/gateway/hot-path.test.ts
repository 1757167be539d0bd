// What a plain message costs: two commits before its answer leaves, one more after it, one request, one send.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../src/domain/store.ts';
import { closeSurroundings, createBed } from './bed/bed.ts';

const WRITES = [
  'receive',
  'claim',
  'append',
  'finish',
  'addUsage',
  'add',
  'takeDue',
  'sent',
  'retry',
  'openPreview',
  'setFact',
  'join',
  'amend',
];

/** Counts the turns of the event loop in which something was written: each is one commit of the store. */
function counting(store: Store, commits: string[][]): Store {
  let open: string[] | undefined;
  const note = (verb: string): void => {
    if (!open) {
      open = [];
      commits.push(open);
      setImmediate(() => (open = undefined));
    }
    open.push(verb);
  };
  const wrap = <T extends object>(part: T): T =>
    new Proxy(part, {
      get(target, name, receiver) {
        const value: unknown = Reflect.get(target, name, receiver);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          if (WRITES.includes(String(name))) note(String(name));
          return value.apply(target, args);
        };
      },
    });
  const { inbox, turns, sessions, outbox } = store;
  return wrap({ ...store, inbox: wrap(inbox), turns: wrap(turns), sessions: wrap(sessions), outbox: wrap(outbox) });
}

test('a plain message costs two commits before its answer leaves', async () => {
  const commits: string[][] = [];
  const bed = await createBed({
    admission: { dmPolicy: 'open', allowFrom: ['*'] },
    wrapStore: (store) => counting(store, commits),
  });
  try {
    for (const round of [1, 2]) {
      const asked = bed.modelApi.count();
      commits.length = 0;
      let before: string[][] = [];
      bed.botApi.onCall((call) => {
        if (call.method === 'sendMessage') before = structuredClone(commits);
      });
      bed.botApi.person(1).text(`ping ${round}`);
      await bed.botApi.waitForSent(round);
      // That the answer before was sent may be written down in either of them.
      const writes = before.map((verbs) => verbs.filter((verb) => verb !== 'sent').join(' '));
      assert.deepEqual(
        writes.filter((verbs) => verbs !== ''),
        ['receive claim append', 'addUsage finish'],
      );
      assert.equal(bed.modelApi.count() - asked, 1);
    }
  } finally {
    await bed.close();
  }
});

test('many messages of one poll share their commits', async () => {
  const commits: string[][] = [];
  const bed = await createBed({
    admission: { dmPolicy: 'open', allowFrom: ['*'] },
    wrapStore: (store) => counting(store, commits),
  });
  try {
    await bed.stop();
    for (let id = 1; id <= 20; id += 1) bed.botApi.person(id).text('hi');
    const again = await createBed({
      admission: { dmPolicy: 'open', allowFrom: ['*'] },
      surroundings: bed,
      wrapStore: (store) => counting(store, commits),
    });
    commits.length = 0;
    await bed.botApi.waitForSent(20);
    await again.stop();
    const received = commits.find((verbs) => verbs.includes('receive')) ?? [];
    assert.equal(received.filter((verb) => verb === 'claim').length, 20);
    assert.equal(received.filter((verb) => verb === 'append').length, 20);
  } finally {
    await closeSurroundings(bed);
  }
});
