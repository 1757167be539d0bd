// A million stored messages change nothing: no statement on the way of a message walks through a table that grows.
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { loadSqlite } from '../../src/store/sqlite.ts';
import {
  addressOf,
  claim,
  command,
  finish,
  note,
  one,
  queue,
  receive,
  refuse,
  reply,
  said,
  where,
  keyOf,
} from '../contracts/store-messages.ts';
import { makePlace } from './place.ts';
import type { Place } from './place.ts';

/** Every verb that a gateway calls while it runs, and those of its start. */
async function liveADay({ open, clock }: Place): Promise<void> {
  const store = await open();
  await store.turns.interrupted();
  await store.outbox.interrupted();
  await store.inbox.unfinishedCommands();
  await store.pairings.isAllowed('telegram', 'default', '1');
  const started = await store.pairings.start({ ...where, senderId: '9' }, 3);
  if (started.outcome === 'created') await store.pairings.approve('telegram', started.request.code);
  const { commands } = await receive(
    store,
    queue('1', 'a', { messageId: 'a' }),
    queue('1', 'b'),
    command('1', '/c'),
    refuse('2', 'd', 'no'),
  );
  const done = await store.inbox.commandDone(commands[0]?.message.id ?? '', [reply('1', 'c')]);
  for (const { id } of done) await store.outbox.sent(id, 'c');
  await store.inbox.amend('telegram', 'default', '1', 'a', { text: 'x' });
  await store.inbox.amend('telegram', 'default', '1', 'a', { deleted: true });
  await store.inbox.readyLanes(10);
  const { turn, session } = await claim(store, '1');
  const preview = await store.outbox.openPreview(turn.id, addressOf('1'));
  await store.outbox.previewShown(preview?.id ?? '', 'p');
  await store.outbox.preview(turn.id);
  await store.turns.append(turn.id, [said('x'), { kind: 'compaction', summary: 's', keepFromSeq: 1, tokensBefore: 1 }]);
  await store.sessions.history(session.id);
  await store.sessions.transcript(session.id, { limit: 2 });
  await store.inbox.join(turn.id);
  await receive(store, queue('1', 'e'));
  await store.inbox.dropQueued(keyOf('1'), 'x');
  const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
  await store.sessions.addUsage({
    sessionKey: session.key,
    sessionId: session.id,
    turnId: turn.id,
    senderId: '1',
    channel: 'x',
    model: 'a/b',
    usage,
    atMs: 1,
  });
  const [sending] = await finish(store, turn.id, reply('1', 'y', { remoteId: 'p' }), reply('1', 'z'));
  await store.outbox.add([reply('3', 'y')], true);
  await store.outbox.retry(sending?.id ?? '', clock.now(), 'x');
  for (const { id } of await store.outbox.takeDue(clock.now(), 10)) await store.outbox.sent(id, 'r');
  for (const { id } of await store.outbox.takeDue(clock.now(), 10)) await store.outbox.fail(id, 'failed', 'x');
  await store.outbox.nextDueMs();
  await store.inbox.counts();
  await store.outbox.counts();
  await store.inbox.list({ states: ['queued', 'running', 'refused', 'quarantined'], limit: 10 });
  await store.inbox.list({ sessionKey: keyOf('1'), limit: 10 });
  await store.outbox.list({ states: ['queued', 'sending', 'failed', 'uncertain'], limit: 10 });
  await store.sessions.patch(session.key, { model: 'a/b' });
  await store.sessions.append(session.id, note('x'));
  await store.sessions.reset(session.key);
  await store.sessions.delete(session.key);
  await store.inbox.claim(keyOf('1'), one);
  await store.setFact('a', 'b');
  await store.durable();
  await store.close();
}

const walk = /^SCAN (messages|turns|entries|deliveries|sessions|conversations|usage_days)\b/;
/** Partial indexes: they hold what waits, runs or failed, not what is done. */
const walksWhatIsOpen =
  /USING (COVERING )?INDEX (sessions_ready|messages_queued|messages_commands|messages_unanswered|turns_running|deliveries_open|deliveries_due|deliveries_unsent)\b/;
/** The plan of an insert lists a walk through the children, which SQLite takes only where a deferred reference is broken; there is none. */
const insertsParent = /^INSERT INTO (sources|sessions) /;

describe('the way of a message', () => {
  test('looks everything up, and walks through nothing that grows', async () => {
    const place = await makePlace();
    const statements = new Set<string>();
    const { prototype } = loadSqlite().DatabaseSync;
    const prepare = prototype.prepare;
    prototype.prepare = function record(sql, ...rest) {
      statements.add(sql);
      return prepare.call(this, sql, ...rest);
    };
    try {
      await liveADay(place);
    } finally {
      prototype.prepare = prepare;
    }
    const database = new DatabaseSync(place.path);
    const walks: string[] = [];
    for (const sql of statements) {
      if (!/^\s*(SELECT|INSERT|UPDATE|DELETE)/.test(sql) || insertsParent.test(sql)) continue;
      for (const row of database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()) {
        const step = String(row['detail']);
        if (walk.test(step) && !walksWhatIsOpen.test(step)) walks.push(`${step}: ${sql}`);
      }
    }
    database.close();
    await place.remove();
    assert.ok(statements.size > 60, `${statements.size} statements were seen`);
    assert.deepEqual(walks, []);
  });
});
