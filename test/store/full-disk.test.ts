// A disk that is really full: a small tmpfs, which only root can mount.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '../../src/domain/log.ts';
import type { Store } from '../../src/domain/store.ts';
import { openStore } from '../../src/store/index.ts';
import { StillClock, claim, finish, note, queue, receive, rejects, reply, said } from '../contracts/store-messages.ts';

function mountable(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const skip = mountable() ? false : 'mounting a tmpfs needs root';

describe('a full disk', { skip }, () => {
  const mount = mkdtempSync(join(tmpdir(), 'openclaw-full-'));
  const filler = join(mount, 'filler');
  before(() => execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mount]));
  after(() => {
    execFileSync('umount', [mount]);
    rmSync(mount, { recursive: true });
  });

  /** Leaves less than one page. */
  function fill(): void {
    const { bavail, bsize } = statfsSync(mount);
    writeFileSync(filler, Buffer.alloc(Math.max(0, bavail - 1) * bsize));
  }

  async function onDisk(name: string, body: (store: Store) => Promise<void>): Promise<void> {
    const directory = join(mount, name);
    mkdirSync(directory);
    const open = (): Promise<Store> =>
      openStore({ path: join(directory, 'openclaw.db'), clock: new StillClock(), log: silentLog });
    let store = await open();
    try {
      await body(store);
      assert.deepEqual(await store.check(), { ok: true, problems: [] });
      await store.close();
      store = await open();
      assert.deepEqual(await store.check(), { ok: true, problems: [] });
    } finally {
      await store.close();
      rmSync(directory, { recursive: true });
      rmSync(filler, { force: true });
    }
  }

  const big = note('x'.repeat(200_000));

  test('rejects every wait for durability; the view is that of the disk; then it goes on', () =>
    onDisk('view', async (store) => {
      await receive(store, queue('1', 'a'), queue('2', 'b'));
      const { turn, session } = await claim(store, '1');
      await store.turns.append(turn.id, [said('kept')]);
      await store.durable();
      fill();
      const lost = Promise.all([
        receive(store, queue('3', 'lost')),
        claim(store, '2'),
        store.turns.append(turn.id, [note('lost'), big]),
        store.setFact('lost', 'x'),
      ]);
      const waits = await Promise.allSettled([lost, store.durable(), store.durable()]);
      assert.deepEqual(
        waits.map((wait) => wait.status),
        ['fulfilled', 'rejected', 'rejected'],
      );
      assert.match(String((waits[1] as PromiseRejectedResult).reason), /full/);
      assert.deepEqual(await store.inbox.counts(), { queued: 1, running: 1, answered: 0, refused: 0, quarantined: 0 });
      assert.equal((await store.sessions.history(session.id)).length, 1);
      assert.equal(await store.getFact('lost'), undefined);
      assert.deepEqual(
        (await store.inbox.readyLanes(9)).map((lane) => lane.senderId),
        ['2'],
      );
      rmSync(filler);
      const again = await receive(store, queue('3', 'came again'));
      await store.durable();
      assert.equal(again.queued.length, 1);
      const [, lostClaim] = await lost;
      await rejects(store.turns.append(lostClaim.turn.id, [note('x')]), 'unavailable');
      assert.equal((await store.turns.interrupted()).length, 1, 'what began in the lost commit never was');
      await rejects(store.turns.append(lostClaim.turn.id, [note('x')]), 'not_found');
      await claim(store, '2');
    }));

  test('fences the turns that lost an entry until they are taken up again', () =>
    onDisk('fence', async (store) => {
      await receive(store, queue('1', 'a'), queue('2', 'b'));
      const [one, two] = [await claim(store, '1'), await claim(store, '2')];
      await store.durable();
      fill();
      assert.equal((await store.turns.interrupted()).length, 2, 'as at a start');
      await store.setFact('big', 'x'.repeat(200_000));
      await rejects(store.durable(), 'unavailable');
      assert.equal((await store.turns.interrupted()).length, 2, 'the start is repeated where it was lost');
      await store.durable();
      await store.turns.append(one.turn.id, [note('the call'), big]);
      await rejects(store.durable(), 'unavailable');
      rmSync(filler);
      await rejects(store.turns.append(one.turn.id, [note('its result')]), 'unavailable', /could not be kept/);
      await rejects(finish(store, one.turn.id), 'unavailable');
      await store.turns.append(two.turn.id, [note('not concerned')]);
      const [fenced, ...more] = await store.turns.interrupted();
      assert.deepEqual([fenced?.turn.id, fenced?.turn.deaths, more.length], [one.turn.id, 0, 0]);
      assert.deepEqual(await store.sessions.history(one.session.id), []);
      await store.turns.append(one.turn.id, [note('anew')]);
      await finish(store, one.turn.id);
      assert.deepEqual(await store.turns.interrupted(), []);
    }));

  test('does not forget what was sent meanwhile', () =>
    onDisk('sent', async (store) => {
      const [first] = await store.outbox.add([reply('1', 'a'), reply('1', 'b')], true);
      await receive(store, queue('1', 'a'));
      const { turn } = await claim(store, '1');
      await store.durable();
      fill();
      await store.outbox.sent(first?.id ?? '', 'r1');
      await store.turns.append(turn.id, [big]);
      await rejects(store.durable(), 'unavailable');
      assert.equal((await store.outbox.counts()).sent, 0);
      rmSync(filler);
      await store.setFact('the next', 'commit');
      await store.durable();
      const [sent] = await store.outbox.list({ states: ['sent'], limit: 9 });
      assert.equal(sent?.remoteId, 'r1');
      assert.equal((await store.outbox.takeDue(0, 9))[0]?.part.text, 'b');
    }));
});
