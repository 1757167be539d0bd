// The database's file: who may read it, how it is opened, what is refused, and what a copy is.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { silentLog } from '../../src/domain/log.ts';
import type { Store } from '../../src/domain/store.ts';
import { openStore } from '../../src/store/index.ts';
import { loadSqlite } from '../../src/store/sqlite.ts';
import { claim, queue, receive, rejects } from '../contracts/store-messages.ts';
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

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('the database file', () => {
  for (const umask of [0o000, 0o022, 0o777]) {
    placeTest(
      `is its owner's alone under umask ${umask.toString(8).padStart(3, '0')}, with all that lies beside it`,
      async ({ path, open }) => {
        const before = process.umask(umask);
        try {
          const store = await open();
          await store.setFact('a', 'b');
          await store.durable();
          assert.equal(mode(dirname(path)), '700');
          for (const name of readdirSync(dirname(path))) assert.equal(mode(join(dirname(path), name)), '600', name);
          assert.equal(readdirSync(dirname(path)).length, 3);
          await store.close();
        } finally {
          process.umask(before);
        }
      },
    );
  }

  placeTest('that others could read is closed to them; a directory that was there is left as it is', async ({ path, open }) => {
    mkdirSync(dirname(path), { mode: 0o755 });
    writeFileSync(path, '', { mode: 0o644 });
    chmodSync(path, 0o644);
    chmodSync(dirname(path), 0o755);
    await (await open()).close();
    assert.equal(mode(path), '600');
    assert.equal(mode(dirname(path)), '755');
  });

  placeTest('is in WAL mode, and a commit is flushed to the disk itself', async ({ path, open }) => {
    const statements: string[] = [];
    const { prototype } = loadSqlite().DatabaseSync;
    const exec = prototype.exec;
    prototype.exec = function record(sql) {
      statements.push(sql);
      return exec.call(this, sql);
    };
    try {
      await (await open()).close();
    } finally {
      prototype.exec = exec;
    }
    assert.match(statements[0] ?? '', /PRAGMA synchronous = FULL/);
    const database = new DatabaseSync(path);
    assert.equal(Object.values(database.prepare('PRAGMA journal_mode').get() ?? {})[0], 'wal');
    database.close();
  });

  placeTest('of something else is not touched', async ({ path, open }) => {
    mkdirSync(dirname(path));
    const foreign = new DatabaseSync(path);
    foreign.exec('CREATE TABLE theirs (a)');
    foreign.close();
    const before = readFileSync(path);
    await rejects(open(), 'unavailable', /no database of this program/);
    assert.deepEqual(readFileSync(path), before);
    writeFileSync(path, 'this is a text file, and long enough to be read as a header of something else'.repeat(20));
    await rejects(open(), 'unavailable', /no database of this program/);
  });

  placeTest('that cannot be made is refused with a hint', async ({ directory, clock }) => {
    writeFileSync(join(directory, 'file'), '');
    const error = await rejects(openStore({ path: join(directory, 'file', 'x.db'), clock, log: silentLog }), 'denied');
    assert.ok(error.hint);
  });
});

describe('a closed store', () => {
  placeTest('has kept what was written last, and refuses every verb', async ({ open }) => {
    const store = await open();
    void store.setFact('last', 'word');
    await store.close();
    await store.close();
    await rejects(store.setFact('a', 'b'), 'unavailable', /closed/);
    await rejects(store.getFact('a'), 'unavailable', /closed/);
    await rejects(store.inbox.claim('k', { all: false, most: 1 }), 'unavailable', /closed/);
    const again = await open();
    assert.equal(await again.getFact('last'), 'word');
    await again.close();
  });
});

describe('a copy', () => {
  /** Writes until told to stop: two facts that must always be equal. */
  async function writer(store: Store, signal: AbortSignal): Promise<void> {
    for (let n = 0; !signal.aborted; n += 1) {
      await Promise.all([store.setFact('one', String(n)), store.setFact('two', String(n))]);
      await store.durable();
    }
  }

  placeTest('is one private file with one moment of the live store', async ({ directory, path, open }) => {
    const store = await open();
    for (let n = 0; n < 300; n += 1) await receive(store, queue('1', `message ${n} ${'x'.repeat(2_000)}`));
    const stop = new AbortController();
    const writing = writer(store, stop.signal);
    const copies = ['a.db', 'b.db', 'c.db'].map((name) => join(directory, name));
    for (const copy of copies) await store.copyTo(copy);
    stop.abort();
    await writing;
    await rejects(store.copyTo(copies[0] as string), 'conflict', /exists/);
    await store.close();
    assert.deepEqual(readdirSync(directory).toSorted(), ['a.db', 'b.db', 'c.db', 'state']);
    for (const copy of copies) {
      assert.equal(mode(copy), '600');
      const opened = await openStore({ path: copy, clock: (await makePlace()).clock, log: silentLog });
      assert.equal(await opened.getFact('one'), await opened.getFact('two'));
      assert.equal((await opened.inbox.counts()).queued, 300);
      assert.deepEqual(await opened.check(), { ok: true, problems: [] });
      await claim(opened, '1');
      await opened.close();
    }
    assert.ok(existsSync(path));
  });

  placeTest('that cannot be written leaves nothing', async ({ directory, open }) => {
    const store = await open();
    await assert.rejects(store.copyTo(join(directory, 'nowhere', 'a.db')));
    assert.deepEqual(readdirSync(directory), ['state']);
    await store.close();
  });
});

describe('the check', () => {
  const damages: Record<string, [sql: string, problem: RegExp]> = {
    'a wrong counter': [
      "UPDATE counters SET value = 7 WHERE name = 'message.queued'",
      /message.queued is counted as 7, and is 1/,
    ],
    'a lost counter': ["DELETE FROM counters WHERE name = 'message.running'", /message.running is counted as 0, and is 1/],
    'a turn without its message': [
      "UPDATE messages SET state = 'answered' WHERE state = 'running'",
      /1 running turns without their messages/,
    ],
    'a message without its turn': ["UPDATE turns SET state = 'done'", /1 running messages without a running turn/],
    'a lane that does not know its turn': ['UPDATE sessions SET turn = NULL', /1 lanes whose running turn is another/],
    'a lane with a wrong head': ['UPDATE sessions SET head = NULL', /1 lanes whose head is not what waits longest/],
    'an unknown state': ["UPDATE messages SET state = 'odd' WHERE state = 'queued'", /1 messages in no known state/],
    'a message without content': [
      "UPDATE messages SET detail = NULL WHERE state = 'queued'",
      /1 waiting messages without their content/,
    ],
    'a delivery out of turn': ['UPDATE deliveries SET first = 1', /1 chats in which the wrong delivery may leave/],
    'a broken reference': [
      'PRAGMA foreign_keys = OFF; UPDATE messages SET session = 99',
      /names a row of sessions that is not there/,
    ],
  };
  for (const [name, [sql, problem]] of Object.entries(damages)) {
    placeTest(`finds ${name}`, async ({ path, open }) => {
      const store = await open();
      await receive(store, queue('1', 'a'), queue('1', 'b'));
      await claim(store, '1');
      const to = { channel: 'telegram', account: 'default', chatId: '1' };
      await store.outbox.add(
        [0, 1].map((index) => ({ to, part: { text: 'x' }, index })),
        false,
      );
      assert.deepEqual(await store.check(), { ok: true, problems: [] });
      await store.close();
      const database = new DatabaseSync(path);
      database.exec(sql);
      database.close();
      const again = await open();
      const { ok, problems } = await again.check();
      await again.close();
      assert.equal(ok, false);
      assert.match(problems.join('\n'), problem);
    });
  }

  placeTest('finds a damaged page', async ({ path, open }) => {
    const store = await open();
    for (let n = 0; n < 50; n += 1) await receive(store, queue('1', 'x'.repeat(3_000)));
    await store.close();
    const bytes = readFileSync(path);
    bytes.fill(0xee, bytes.length - 8_192);
    writeFileSync(path, bytes);
    const again = await open();
    const { ok, problems } = await again.check();
    await again.close();
    assert.equal(ok, false);
    assert.ok(problems.length > 0);
  });
});
