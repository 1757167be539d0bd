// SIGKILL at random moments: everything that `durable()` promised is there afterwards, and nothing is half-done.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/domain/clock.ts';
import type { Store } from '../../src/domain/store.ts';
import { makePlace } from './place.ts';

const kills = Number(process.env['STORE_KILLS'] ?? 8);
const batchSize = 3;

/** Lets a victim work for a while, kills it, and returns its promises. */
async function lifeOf(path: string, workMs: number): Promise<string[][]> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./victim.ts', import.meta.url)), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  const ready = Promise.withResolvers<void>();
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    printed += piece;
    if (printed.includes('ready')) ready.resolve();
  });
  const closed = once(child, 'close');
  await Promise.race([ready.promise, closed]);
  await sleep(workMs);
  assert.equal(child.exitCode, null, 'the victim must not end by itself');
  child.kill('SIGKILL');
  await closed;
  const lines = printed.split('\n');
  return lines.slice(0, -1).map((line) => line.split(' '));
}

/** What each kind of promise says of the store that is found afterwards. */
async function keeps(store: Store, promises: readonly string[][]): Promise<void> {
  const messages = new Map((await store.inbox.list({ limit: 1_000_000 })).map((row) => [row.id, row]));
  const deliveries = new Map((await store.outbox.list({ limit: 1_000_000 })).map((row) => [row.id, row]));
  const cursor = Number(await store.inbox.cursor('telegram', 'default'));
  const sessions = new Set(promises.filter(([kind]) => kind === 'entry').map(([, sessionId = '']) => sessionId));
  const entries = new Set<string>();
  for (const id of sessions) for (const { seq } of await store.sessions.history(id)) entries.add(`${id} ${seq}`);
  const kept: Record<string, (first: string, second: string) => boolean> = {
    ready: () => true,
    cursor: (next) => cursor >= Number(next),
    entry: (sessionId, seq) => entries.has(`${sessionId} ${seq}`),
    finished: (_, ids) => ids.split(',').every((id) => messages.get(id)?.state === 'answered'),
    world: (id) => deliveries.has(id),
    sent: (id) => deliveries.get(id)?.state === 'sent',
  };
  for (const [kind = '', first = '', second = ''] of promises)
    assert.ok(kept[kind]?.(first, second), `${kind} ${first} ${second}`);
}

/** A batch and its cursor are there together or not at all; every message is answered once or still open. */
async function isWhole(store: Store): Promise<void> {
  assert.deepEqual(await store.check(), { ok: true, problems: [] });
  const rows = await store.inbox.list({ limit: 1_000_000 });
  assert.equal(rows.length, Number(await store.inbox.cursor('telegram', 'default')));
  assert.equal(rows.length % batchSize, 0);
  assert.equal(new Set(rows.map((row) => row.eventId)).size, rows.length);
  const answered = rows.filter((row) => row.state === 'answered').map((row) => `answer to ${row.text}`);
  const replies = (await store.outbox.list({ limit: 1_000_000 })).map((row) => row.part.text);
  assert.deepEqual(replies.toSorted(), answered.toSorted());
}

describe('a process that is killed', () => {
  test(`${kills} times, at any moment, has kept every promise`, { timeout: 60_000 + kills * 5_000 }, async () => {
    const place = await makePlace();
    const promises: string[][] = [];
    try {
      for (let kill = 0; kill < kills; kill += 1) {
        promises.push(...(await lifeOf(place.path, Math.random() * 120)));
        const store = await place.open(systemClock);
        await keeps(store, promises);
        await isWhole(store);
        await store.close();
      }
      const kinds = new Set(promises.map(([kind]) => kind));
      assert.deepEqual([...kinds].toSorted(), ['cursor', 'entry', 'finished', 'ready', 'sent', 'world']);
    } finally {
      await place.remove();
    }
  });
});
