// The part of the store's contract about sessions: history and compaction, settings, a fresh start, usage, an end.
import assert from 'node:assert/strict';
import type { Entry } from '../../src/domain/session.ts';
import type { Store } from '../../src/domain/store.ts';
import type { StoreTest } from './store.ts';
import { claim, command, finish, keyOf, note, queue, receive, rejects, reply, said } from './store-messages.ts';

const hourMs = 3_600_000;

async function talk(store: Store, person: string, ...entries: Entry[]): Promise<string> {
  await receive(store, queue(person, 'a'));
  const { turn, session } = await claim(store, person);
  await store.turns.append(turn.id, entries);
  await finish(store, turn.id, reply(person, 'answer'));
  return session.id;
}

function texts(entries: readonly { entry: Entry }[]): string[] {
  return entries.map(({ entry }) =>
    entry.kind === 'note' ? entry.text : entry.kind === 'compaction' ? `[${entry.summary}]` : entry.kind,
  );
}

function compaction(summary: string, keepFromSeq: number): Entry {
  return { kind: 'compaction', summary, keepFromSeq, tokensBefore: 1_000 };
}

export function sessionContract(test: StoreTest): void {
  histories(test);
  settings(test);
  usage(test);
  deletion(test);
}

function histories(test: StoreTest): void {
  test('a history begins with the last compaction and what it keeps; the transcript has all', async ({ store, again }) => {
    const id = await talk(store, '1', note('a'), note('b'), note('c'));
    const [, , third] = await store.sessions.history(id);
    await store.sessions.append(id, compaction('a and b', third?.seq ?? 0));
    await store.sessions.append(id, note('d'));
    assert.deepEqual(texts(await store.sessions.history(id)), ['[a and b]', 'c', 'd']);
    const later = await again();
    assert.deepEqual(texts(await later.sessions.history(id)), ['[a and b]', 'c', 'd']);
    const seq = await later.sessions.append(id, compaction('a to d', Number.MAX_SAFE_INTEGER));
    assert.deepEqual(texts(await later.sessions.history(id)), ['[a to d]'], 'it may keep nothing');
    await later.sessions.append(id, note('e'));
    assert.deepEqual(texts(await later.sessions.history(id)), ['[a to d]', 'e'], 'and what comes after is kept');
    assert.deepEqual(texts(await later.sessions.transcript(id, { limit: 9 })), [
      'a',
      'b',
      'c',
      '[a and b]',
      'd',
      '[a to d]',
      'e',
    ]);
    assert.deepEqual(texts(await later.sessions.transcript(id, { limit: 2, beforeSeq: seq })), ['[a and b]', 'd']);
    assert.equal((await later.sessions.get(keyOf('1')))?.totals.compactions, 2);
  });

  test('a history that is read again and again shows what was written between', async ({ store }) => {
    const id = await talk(store, '1', note('a'));
    for (let n = 0; n < 4; n += 1) {
      assert.equal((await store.sessions.history(id)).length, 1 + 2 * n);
      await talk(store, '1', note('b'), said('c'));
    }
    assert.deepEqual(await store.sessions.history('s-1'), []);
    await rejects(store.sessions.append('s-1', note('x')), 'not_found');
  });

  test('a new id under the same key starts empty', async ({ store, clock }) => {
    assert.equal(await store.sessions.reset(keyOf('1')), undefined);
    const id = await talk(store, '1', note('a'));
    await store.sessions.patch(keyOf('1'), { thinking: 'high' });
    clock.pass(hourMs);
    const fresh = await store.sessions.reset(keyOf('1'));
    assert.notEqual(fresh?.id, id);
    assert.deepEqual(fresh?.settings, { thinking: 'high' });
    assert.equal(fresh?.totals.turns, 0);
    assert.equal(fresh?.createdAtMs, clock.now());
    assert.deepEqual(await store.sessions.history(fresh?.id ?? ''), []);
    assert.equal(await talk(store, '1', note('b')), fresh?.id);
    assert.deepEqual(texts(await store.sessions.history(id)), ['a']);
    assert.deepEqual(texts(await store.sessions.history(fresh?.id ?? '')), ['b']);
  });
}

function settings(test: StoreTest): void {
  test('settings change one by one and can be cleared', async ({ store, again }) => {
    assert.equal(await store.sessions.patch(keyOf('1'), { model: 'a/b' }), undefined);
    await talk(store, '1');
    assert.deepEqual((await store.sessions.patch(keyOf('1'), { model: 'a/b' }))?.settings, { model: 'a/b' });
    await store.sessions.patch(keyOf('1'), { thinking: 'low', queueMode: 'steer' });
    await store.sessions.patch(keyOf('1'), { model: null, thinking: 'high' });
    const session = await (await again()).sessions.get(keyOf('1'));
    assert.deepEqual(session?.settings, { thinking: 'high', queueMode: 'steer' });
  });

  test('a setting that comes before the first message is kept', async ({ store }) => {
    await receive(store, command('1', '/model a/b'));
    assert.equal(await store.sessions.get(keyOf('1')), undefined);
    const session = await store.sessions.patch(keyOf('1'), { model: 'a/b' });
    assert.equal(session?.address.chatId, '1');
    await receive(store, queue('1', 'a'));
    const claimed = await claim(store, '1');
    assert.equal(claimed.session.id, session?.id);
    assert.deepEqual(claimed.session.settings, { model: 'a/b' });
    for (const { message } of await store.inbox.unfinishedCommands()) await store.inbox.commandDone(message.id, []);
  });

  test('sessions are listed by their latest activity', async ({ store, clock }) => {
    for (const person of ['1', '2', '3']) {
      await talk(store, person);
      clock.pass(hourMs);
    }
    await receive(store, queue('4', 'not begun'));
    await talk(store, '1');
    const people = async (filter: Partial<Parameters<typeof store.sessions.list>[0]>): Promise<string[]> =>
      (await store.sessions.list({ limit: 9, ...filter })).map((session) => session.chat.id);
    assert.deepEqual(await people({}), ['1', '3', '2']);
    assert.deepEqual(await people({ limit: 1 }), ['1']);
    assert.deepEqual(await people({ activeSinceMs: clock.now() - hourMs }), ['1', '3']);
    assert.deepEqual(await people({ agentId: 'main' }), ['1', '3', '2']);
    assert.deepEqual(await people({ agentId: 'other' }), []);
    assert.equal((await store.sessions.get(keyOf('1')))?.totals.turns, 2);
  });
}

function usage(test: StoreTest): void {
  const use = (
    inputTokens: number,
    outputTokens: number,
  ): { inputTokens: number; outputTokens: number } & Record<string, number> => ({
    ...{ inputTokens, outputTokens },
    ...{ cacheReadTokens: 1, cacheWriteTokens: 0, reasoningTokens: 0 },
  });

  test('usage adds up by day, sender, session and model, and in the current id', async ({ store, clock, again }) => {
    const id = await talk(store, '1');
    const record = {
      ...{ sessionKey: keyOf('1'), sessionId: id, turnId: 't', senderId: '1', channel: 'telegram', model: 'a/b' },
      ...{ usage: use(100, 10) as never, costUsd: 0.25, atMs: clock.now() },
    };
    await store.sessions.addUsage(record);
    await store.sessions.addUsage({ ...record, usage: use(200, 20) as never });
    await store.sessions.addUsage({ ...record, model: 'c/d', costUsd: 0.5 });
    await store.sessions.addUsage({ ...record, sessionId: 's-1', senderId: '2', sessionKey: keyOf('2') });
    await store.sessions.addUsage({ ...record, atMs: clock.now() + 24 * hourMs });
    const later = await again();
    const all = await later.sessions.usage({ sinceMs: 0 });
    assert.deepEqual(all[0], {
      ...{ day: '2026-11-01', model: 'a/b', sessionKey: keyOf('1'), senderId: '1', calls: 2 },
      ...{ inputTokens: 300, outputTokens: 30, cacheReadTokens: 2, costUsd: 0.5 },
    });
    assert.equal(all.length, 4);
    assert.equal((await later.sessions.usage({ sinceMs: clock.now() + 13 * hourMs })).length, 1);
    assert.equal((await later.sessions.usage({ sinceMs: 0, senderId: '2' })).length, 1);
    assert.equal((await later.sessions.usage({ sinceMs: 0, sessionKey: keyOf('1') })).length, 3);
    const totals = (await later.sessions.get(keyOf('1')))?.totals;
    assert.deepEqual(totals, { inputTokens: 500, outputTokens: 50, contextTokens: 110, costUsd: 1.25, turns: 1, compactions: 0 });
  });
}

function deletion(test: StoreTest): void {
  test('a deleted session leaves counts and usage, and nothing that was said', async ({ store, again }) => {
    const id = await talk(store, '1', note('secret note'));
    await store.sessions.patch(keyOf('1'), { model: 'a/b' });
    await talk(store, '2', note('other'));
    await receive(store, queue('1', 'waits'));
    const [sent] = await store.outbox.list({ states: ['sending'], limit: 9 });
    for (const { id } of await store.outbox.list({ states: ['sending'], limit: 9 })) await store.outbox.sent(id, 'r');
    assert.ok(sent);
    const { turn } = await claim(store, '1');
    await rejects(store.sessions.delete(keyOf('1')), 'conflict');
    await store.turns.finish(turn.id, { state: 'stopped', entries: [], deliveries: [] });
    await receive(store, queue('1', 'waits too'));
    const counts = await store.inbox.counts();
    for (let reads = 0; reads < 3; reads += 1) assert.equal((await store.sessions.history(id)).length, 1);
    assert.equal(await store.sessions.delete(keyOf('1')), true);
    assert.equal(await store.sessions.delete(keyOf('1')), false);
    assert.deepEqual(await store.sessions.history(id), []);
    const later = await again();
    assert.equal(await later.sessions.get(keyOf('1')), undefined);
    assert.deepEqual(await later.sessions.history(id), []);
    assert.deepEqual(await later.sessions.transcript(id, { limit: 9 }), []);
    assert.deepEqual(await later.inbox.counts(), counts);
    const rows = await later.inbox.list({ sessionKey: keyOf('1'), limit: 9 });
    assert.deepEqual(
      rows.map((row) => row.text),
      ['waits too', '', ''],
    );
    const replies = await later.outbox.list({ limit: 9 });
    assert.deepEqual(replies.map((row) => row.part.text).toSorted(), ['', 'answer']);
    const claimed = await claim(later, '1');
    assert.notEqual(claimed.session.id, id);
    assert.deepEqual(claimed.session.settings, {});
    assert.equal((await later.sessions.list({ limit: 9 })).length, 2);
  });
}
