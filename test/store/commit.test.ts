// Group commit: what shares a commit, what one failing verb takes with it, and what a lost commit leaves.
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { silentLog } from '../../src/domain/log.ts';
import { GroupCommit } from '../../src/store/commit.ts';
import { Counters } from '../../src/store/counters.ts';
import { Fence } from '../../src/store/fence.ts';
import { Ids } from '../../src/store/ids.ts';
import { migrate } from '../../src/store/migrations.ts';
import { openDatabase } from '../../src/store/sqlite.ts';
import type { Database } from '../../src/store/sqlite.ts';
import { StillClock, claim, finish, note, queue, receive, rejects, reply } from '../contracts/store-messages.ts';
import { makePlace } from './place.ts';
import type { Place } from './place.ts';

function placeTest(name: string, body: (place: Place) => Promise<void>): void {
  test(name, async () => {
    const place = await makePlace();
    try {
      await body(place);
    } finally {
      await place.remove();
    }
  });
}

/** Another connection, which sees what is committed and nothing else. */
function observer(path: string): { facts(): number; version(): number; close(): void } {
  const database = new DatabaseSync(path);
  const facts = database.prepare('SELECT count(*) AS n FROM facts');
  const version = database.prepare('PRAGMA data_version');
  return {
    facts: () => Number(facts.get()?.['n']),
    version: () => Number(version.get()?.['data_version']),
    close: () => database.close(),
  };
}

describe('group commit', () => {
  placeTest('all verbs of one turn of the event loop share one commit', async ({ path, open }) => {
    const store = await open();
    const outside = observer(path);
    const before = outside.version();
    const callers = Array.from({ length: 20 }, async (_, n) => {
      await receive(store, queue(String(n), 'a'));
      const { turn } = await claim(store, String(n));
      await store.turns.append(turn.id, [note('x')]);
      await store.setFact(`fact ${n}`, 'x');
      await store.durable();
      return outside.version();
    });
    await Promise.resolve();
    assert.equal(outside.facts(), 0, 'nothing is visible outside before the commit');
    const versions = new Set(await Promise.all(callers));
    assert.equal(outside.facts(), 20);
    assert.deepEqual([...versions], [before + 1]);
    outside.close();
    await store.close();
  });

  placeTest('durable is at once where nothing was written, and what it promised is on the disk', async ({ path, open }) => {
    const store = await open();
    await store.durable();
    const outside = observer(path);
    for (let n = 1; n < 5; n += 1) {
      await store.setFact(`fact ${n}`, 'x');
      assert.equal(await store.getFact(`fact ${n}`), 'x', 'it is visible inside at once');
      await store.durable();
      assert.equal(outside.facts(), n);
    }
    outside.close();
    await store.close();
  });

  placeTest('a verb that fails half-way takes back itself and nothing else', async ({ open }) => {
    const store = await open();
    await receive(store, queue('1', 'a'), queue('2', 'b'));
    const [one, two] = [await claim(store, '1'), await claim(store, '2')];
    for (let reads = 0; reads < 3; reads += 1) assert.deepEqual(await store.sessions.history(one.session.id), []);
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const broken = { kind: 'note', text: circular } as never;
    const results = await Promise.allSettled([
      store.turns.append(one.turn.id, [note('kept')]),
      store.turns.append(one.turn.id, [note('taken back'), broken]),
      store.turns.finish(two.turn.id, {
        state: 'done',
        entries: [],
        deliveries: [reply('2', 'x'), { ...reply('2', 'y'), part: circular as never }],
      }),
      store.turns.append(one.turn.id, [note('kept too')]),
      store.durable(),
    ]);
    assert.deepEqual(
      results.map((result) => result.status),
      ['fulfilled', 'rejected', 'rejected', 'fulfilled', 'fulfilled'],
    );
    const history = await store.sessions.history(one.session.id);
    assert.deepEqual(
      history.map(({ entry }) => entry.kind === 'note' && entry.text),
      ['kept', 'kept too'],
    );
    assert.equal((await store.inbox.counts()).running, 2);
    assert.equal((await store.outbox.counts()).sending, 0);
    assert.deepEqual(await store.check(), { ok: true, problems: [] });
    await finish(store, two.turn.id, reply('2', 'x'));
    await store.close();
  });
});

interface Rig {
  database: Database;
  commit: GroupCommit;
  counters: Counters;
  facts(): string[];
  set(name: string, value: string): () => void;
}

/** A commit without the repositories, on a database that can be made full. */
function rigOf(path: string): Rig {
  const database = openDatabase(path);
  migrate(database);
  const counters = new Counters(database);
  const parts = {
    database,
    counters,
    fence: new Fence(),
    ids: new Ids(database, new StillClock()),
    log: silentLog,
    forget: () => {},
  };
  const insert = database.statement('INSERT INTO facts VALUES (?, ?)');
  const select = database.statement('SELECT name FROM facts ORDER BY name');
  return {
    database,
    counters,
    commit: new GroupCommit(parts),
    facts: () => select.all<{ name: string }>().map((row) => row.name),
    set: (name, value) => () => void insert.run(name, value),
  };
}

describe('a lost commit', () => {
  const big = 'x'.repeat(600_000);

  placeTest('that SQLite itself ends takes back the whole turn of the loop, and says so to all', async ({ path, open }) => {
    await (await open()).close();
    const { database, commit, counters, facts, set } = rigOf(path);
    database.exec('PRAGMA max_page_count = 100');
    await commit.write(() => {
      set('innocent', 'x')();
      counters.add('message.queued', 1);
    });
    const waits = rejects(commit.durable(), 'unavailable', /full/);
    await rejects(commit.write(set('too big', big)), 'unavailable', /full/);
    await rejects(commit.durable(), 'unavailable', /full/);
    await rejects(commit.write(set('same moment', 'x')), 'unavailable', /full/);
    await waits;
    assert.deepEqual(facts(), []);
    assert.equal(counters.values()['message.queued'], 0);
    await new Promise(setImmediate);
    await commit.write(set('later', 'x'));
    await commit.durable();
    assert.deepEqual(facts(), ['later']);
    database.close();
  });

  placeTest('is told again where it told of what happened outside', async ({ path, open }) => {
    await (await open()).close();
    const { database, commit, facts, set } = rigOf(path);
    database.exec('PRAGMA max_page_count = 100');
    await commit.record(set('happened', 'x'));
    await rejects(commit.write(set('too big', big)), 'unavailable');
    await rejects(commit.record(set('happened too', 'x')), 'unavailable');
    await new Promise(setImmediate);
    assert.deepEqual(facts(), []);
    await commit.write(set('a later verb', 'x'));
    await commit.durable();
    assert.deepEqual(facts(), ['a later verb', 'happened', 'happened too']);
    let told = 0;
    await commit.record(() => {
      told += 1;
    });
    await commit.durable();
    await rejects(commit.write(set('too big', big)), 'unavailable');
    await new Promise(setImmediate);
    await commit.write(set('the last', 'x'));
    await commit.durable();
    assert.equal(told, 1, 'what was committed is not told again');
    database.close();
  });

  placeTest('because the database is held is a rejection, and what happened is told later', async ({ path, open }) => {
    await (await open()).close();
    const { database, commit, facts, set } = rigOf(path);
    database.exec('PRAGMA busy_timeout = 1');
    const holder = new DatabaseSync(path);
    holder.exec('BEGIN IMMEDIATE');
    await rejects(commit.record(set('happened', 'x')), 'unavailable', /held/);
    await rejects(commit.write(set('refused', 'x')), 'unavailable', /held/);
    holder.close();
    await commit.write(set('later', 'x'));
    await commit.durable();
    assert.deepEqual(facts(), ['happened', 'later']);
    database.close();
  });
});
