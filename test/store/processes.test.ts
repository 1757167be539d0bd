// Two processes on one file: the gateway, and a command that looks, approves or writes beside it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import type { Store } from '../../src/domain/store.ts';
import { claim, note, queue, receive, rejects, where } from '../contracts/store-messages.ts';
import { makePlace } from './place.ts';
import type { Place } from './place.ts';

const href = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** A program with `store` at hand; what it prints is its answer. */
function beside({ path }: Place, body: string): ChildProcess {
  const program = `
    import { openStore } from ${href('../../src/store/index.ts')};
    import { systemClock } from ${href('../../src/domain/clock.ts')};
    import { silentLog } from ${href('../../src/domain/log.ts')};
    import * as messages from ${href('../contracts/store-messages.ts')};
    const store = await openStore({ path: ${JSON.stringify(path)}, clock: systemClock, log: silentLog });
    ${body}
    await store.close();`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function output(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0);
  return text;
}

async function placeTest(body: (place: Place, store: Store) => Promise<void>): Promise<void> {
  const place = await makePlace();
  place.clock.ms = Date.now();
  const store = await place.open();
  try {
    await body(place, store);
    assert.deepEqual(await store.check(), { ok: true, problems: [] });
  } finally {
    await store.close();
    await place.remove();
  }
}

describe('two processes', () => {
  test('who is approved beside the gateway may talk with the next message; who is revoked may not', () =>
    placeTest(async (place, store) => {
      const started = await store.pairings.start({ ...where, senderId: '5' }, 3);
      assert.ok(started.outcome === 'created');
      await store.durable();
      assert.equal(await store.pairings.isAllowed('telegram', 'default', '5'), false);
      await output(beside(place, `await store.pairings.approve('telegram', '${started.request.code}');`));
      assert.equal(await store.pairings.isAllowed('telegram', 'default', '5'), true);
      assert.deepEqual(await store.pairings.pending(), []);
      await output(beside(place, `await store.pairings.revoke('telegram', 'default', '5');`));
      assert.equal(await store.pairings.isAllowed('telegram', 'default', '5'), false);
    }));

  test('what another process writes to a conversation is read, not what was remembered', () =>
    placeTest(async (place, store) => {
      await receive(store, queue('1', 'a'));
      const { turn, session } = await claim(store, '1');
      await store.turns.append(turn.id, [note('one')]);
      await store.durable();
      for (let reads = 0; reads < 3; reads += 1) assert.equal((await store.sessions.history(session.id)).length, 1);
      await output(beside(place, `await store.sessions.append('${session.id}', { kind: 'note', text: 'two' });`));
      assert.equal((await store.sessions.history(session.id)).length, 2);
      await output(beside(place, `await store.sessions.append('${session.id}', { kind: 'note', text: 'three' });`));
      const [seq] = await store.turns.append(turn.id, [note('four')]);
      assert.equal(seq, 4);
      assert.deepEqual(
        (await store.sessions.history(session.id)).map(({ entry }) => entry.kind === 'note' && entry.text),
        ['one', 'two', 'three', 'four'],
      );
    }));

  test('a store that another process holds for too long is unavailable, and usable again afterwards', () =>
    placeTest(async (place, store) => {
      const { DatabaseSync } = await import('node:sqlite');
      const holder = new DatabaseSync(place.path);
      holder.exec('BEGIN IMMEDIATE');
      const error = await rejects(store.setFact('a', 'b'), 'unavailable', /held by another program/);
      assert.ok(error.hint);
      await store.durable();
      assert.equal(await store.getFact('a'), undefined, 'reading goes on');
      holder.close();
      await store.setFact('a', 'b');
      assert.equal(await store.getFact('a'), 'b');
    }));
});
