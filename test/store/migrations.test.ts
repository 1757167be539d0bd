// The way from older databases to this program's, and the refusal of newer ones.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { isAppError } from '../../src/domain/errors.ts';
import { migrate, migrations } from '../../src/store/migrations.ts';
import { openDatabase } from '../../src/store/sqlite.ts';
import { rejects } from '../contracts/store-messages.ts';
import { makePlace } from './place.ts';
import type { Place } from './place.ts';

function placeTest(name: string, body: (place: Place) => Promise<void>): void {
  test(name, async () => {
    const place = await makePlace();
    mkdirSync(dirname(place.path));
    try {
      await body(place);
    } finally {
      await place.remove();
    }
  });
}

function versionOf(path: string): number {
  const database = new DatabaseSync(path);
  const row = database.prepare('PRAGMA user_version').get() as { user_version: number };
  database.close();
  return row.user_version;
}

function migrateFile(path: string, steps: readonly string[]): void {
  const database = openDatabase(path);
  try {
    migrate(database, steps);
  } finally {
    database.close();
  }
}

function schemaOf(path: string): unknown[] {
  const database = new DatabaseSync(path);
  const rows = database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all();
  database.close();
  return rows.map((row) => ({ ...row }));
}

describe('migrations', () => {
  for (let from = 0; from < migrations.length; from += 1) {
    placeTest(`a database of version ${from} becomes what a new one is`, async ({ path, open }) => {
      migrateFile(path, migrations.slice(0, from));
      await (await open()).close();
      assert.equal(versionOf(path), migrations.length);
      const fresh = await makePlace();
      await (await fresh.open()).close();
      assert.deepEqual(schemaOf(path), schemaOf(fresh.path));
      await fresh.remove();
    });
  }

  placeTest('each step keeps what the ones before have made', async ({ path }) => {
    const steps = ['CREATE TABLE a (x); INSERT INTO a VALUES (1)', 'ALTER TABLE a ADD COLUMN y', 'UPDATE a SET y = x + 1'];
    for (let length = 1; length <= steps.length; length += 1) migrateFile(path, steps.slice(0, length));
    assert.equal(versionOf(path), 3);
    const database = new DatabaseSync(path);
    assert.deepEqual({ ...database.prepare('SELECT * FROM a').get() }, { x: 1, y: 2 });
    database.close();
  });

  placeTest('a step that fails leaves the version before, whole', async ({ path }) => {
    const good = 'CREATE TABLE a (x)';
    assert.throws(() => migrateFile(path, [good, 'CREATE TABLE b (x); INSERT INTO nowhere VALUES (1)']), /nowhere/);
    assert.equal(versionOf(path), 1);
    assert.deepEqual(
      (schemaOf(path) as { name: string }[]).map(({ name }) => name),
      ['a'],
    );
    migrateFile(path, [good, 'CREATE TABLE b (x)']);
    assert.equal(versionOf(path), 2);
  });

  placeTest('a newer database is refused and not touched', async ({ path, open }) => {
    await (await open()).close();
    const newer = [...migrations, 'CREATE TABLE later (x)'];
    migrateFile(path, newer);
    const error = await rejects(
      open(),
      'conflict',
      new RegExp(`version ${newer.length}; this program knows ${migrations.length}`),
    );
    assert.match(error.hint ?? '', /newer version/);
    assert.equal(versionOf(path), newer.length);
  });

  placeTest('processes that start at once on a new place all find it ready', async ({ path }) => {
    const program = `
      import { openStore } from ${JSON.stringify(new URL('../../src/store/index.ts', import.meta.url).href)};
      import { systemClock } from ${JSON.stringify(new URL('../../src/domain/clock.ts', import.meta.url).href)};
      import { silentLog } from ${JSON.stringify(new URL('../../src/domain/log.ts', import.meta.url).href)};
      const store = await openStore({ path: process.argv[1], clock: systemClock, log: silentLog });
      await store.setFact('from ' + process.pid, 'here');
      await store.close();`;
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', program, path], { stdio: ['ignore', 'inherit', 'inherit'] }),
    );
    for (const child of children) if (child.exitCode === null) await once(child, 'exit');
    assert.deepEqual(
      children.map((child) => child.exitCode),
      [0, 0, 0, 0],
    );
    const database = new DatabaseSync(path);
    assert.equal(database.prepare('SELECT count(*) AS n FROM facts').get()?.['n'], 4);
    database.close();
  });

  placeTest('a database that is held for long is unavailable, with a hint', async ({ path }) => {
    const holder = new DatabaseSync(path);
    holder.exec('CREATE TABLE a (x); BEGIN EXCLUSIVE');
    assert.throws(
      () => migrate(openDatabase(path, { timeoutMs: 10 })),
      (error) => isAppError(error, 'unavailable') && /held by another program/.test(error.message) && error.hint !== undefined,
    );
    holder.close();
  });
});
