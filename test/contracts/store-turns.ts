// The part of the store's contract about turns: the journal, the end, and what a death leaves.
import assert from 'node:assert/strict';
import type { TurnEnd } from '../../src/domain/store.ts';
import type { StoreTest } from './store.ts';
import { claim, finish, keyOf, note, queue, receive, rejects, reply, said } from './store-messages.ts';

const none = { queued: 0, running: 0, answered: 0, refused: 0, quarantined: 0 };

export function turnContract(test: StoreTest): void {
  journal(test);
  ends(test);
  deaths(test);
}

function journal(test: StoreTest): void {
  test('entries get ascending numbers and are the history', async ({ store, clock, again }) => {
    await receive(store, queue('1', 'a'));
    const { turn, session } = await claim(store, '1');
    const first = await store.turns.append(turn.id, [note('one'), said('two')]);
    clock.pass(5);
    const second = await store.turns.append(turn.id, [note('three')]);
    assert.deepEqual(await store.turns.append(turn.id, []), []);
    await store.turns.finish(turn.id, { state: 'done', entries: [note('four')], deliveries: [] });
    const seqs = [...first, ...second];
    assert.ok((seqs[0] as number) < (seqs[1] as number) && (seqs[1] as number) < (seqs[2] as number));
    for (const read of [async () => store, again]) {
      const history = await (await read()).sessions.history(session.id);
      assert.deepEqual(
        history.map(({ entry }) => entry),
        [note('one'), said('two'), note('three'), note('four')],
      );
      assert.deepEqual(
        history.slice(0, 3).map(({ seq }) => seq),
        seqs,
      );
      assert.deepEqual([...new Set(history.map(({ turnId }) => turnId))], [turn.id]);
      assert.equal((history[2]?.atMs ?? 0) - (history[1]?.atMs ?? 0), 5);
    }
  });

  test('only a turn that runs can be written to', async ({ store }) => {
    await receive(store, queue('1', 'a'));
    const { turn } = await claim(store, '1');
    await finish(store, turn.id);
    await rejects(store.turns.append(turn.id, [note('late')]), 'not_found');
    await rejects(finish(store, turn.id), 'not_found');
    for (const id of ['', 'x', turn.id.replace(/\d$/, 'x'), `${turn.id}0`])
      await rejects(store.turns.append(id, [note('x')]), 'not_found');
  });

  test('what is read is a copy: changing the list or what was written changes nothing', async ({ store }) => {
    await receive(store, queue('1', 'a'), queue('1', 'b'), queue('1', 'c'));
    for (let turns = 0; turns < 3; turns += 1) {
      const { turn, session } = await claim(store, '1');
      const entry = { kind: 'note' as const, text: 'as written' };
      (await store.sessions.history(session.id)).push({ seq: 99, turnId: '', atMs: 0, entry: note('not written') });
      await store.turns.append(turn.id, [entry]);
      entry.text = 'changed afterwards';
      await finish(store, turn.id);
      const texts = (await store.sessions.history(session.id)).map((stored) => stored.entry.kind === 'note' && stored.entry.text);
      assert.deepEqual(texts, Array(turns + 1).fill('as written'));
    }
  });
}

function ends(test: StoreTest): void {
  const cases: [end: Partial<TurnEnd>, state: keyof typeof none, reason: string | undefined][] = [
    [{ state: 'done' }, 'answered', undefined],
    [{ state: 'done', deliveries: [reply('1', 'hello')] }, 'answered', undefined],
    [{ state: 'failed', reason: 'no model', deliveries: [reply('1', 'sorry')] }, 'answered', undefined],
    [{ state: 'failed', reason: 'no model' }, 'refused', 'no model'],
    [{ state: 'stopped' }, 'refused', 'stopped'],
    [{ state: 'quarantined', reason: 'it kills', deliveries: [reply('1', 'sorry')] }, 'quarantined', 'it kills'],
  ];
  for (const [end, state, reason] of cases) {
    test(`a turn that ends ${JSON.stringify(end)} leaves its messages ${state}`, async ({ store }) => {
      await receive(store, queue('1', 'a'), queue('1', 'b'));
      const { turn } = await claim(store, '1', { all: true, most: 9 });
      await store.turns.finish(turn.id, { state: 'done', entries: [], deliveries: [], ...end });
      assert.deepEqual(await store.inbox.counts(), { ...none, [state]: 2 });
      for (const row of await store.inbox.list({ limit: 9 })) assert.deepEqual([row.state, row.reason], [state, reason]);
    });
  }

  test('the end gives back what leaves now, one per chat; the rest follows in order', async ({ store, clock }) => {
    await receive(store, queue('1', 'a'));
    const { turn } = await claim(store, '1');
    const sending = await finish(store, turn.id, reply('1', 'one'), reply('1', 'two', { index: 1 }), reply('2', 'elsewhere'));
    assert.deepEqual(
      sending.map((delivery) => [delivery.part.text, delivery.state, delivery.attempts]),
      [
        ['one', 'sending', 1],
        ['elsewhere', 'sending', 1],
      ],
    );
    const [first] = sending;
    assert.ok(first);
    assert.deepEqual([first.turnId, first.sessionKey, first.traceId], [turn.id, keyOf('1'), turn.messages[0]?.traceId]);
    assert.deepEqual(await store.outbox.takeDue(clock.now(), 9), []);
    await store.outbox.sent(first.id, 'r1');
    const [second] = await store.outbox.takeDue(clock.now(), 9);
    assert.deepEqual([second?.part.text, second?.index, second?.turnId], ['two', 1, turn.id]);
  });
}

function deaths(test: StoreTest): void {
  test('what ran when the process died comes back, oldest first, and goes on', async ({ store, again }) => {
    await receive(store, queue('1', 'a'), queue('2', 'b'), queue('3', 'c'));
    const [two, one] = [await claim(store, '2'), await claim(store, '1')];
    await store.turns.append(one.turn.id, [note('begun')]);
    const done = await claim(store, '3');
    await finish(store, done.turn.id);
    const later = await again();
    const interrupted = await later.turns.interrupted();
    assert.deepEqual(
      interrupted.map(({ turn }) => turn),
      [two, one].map(({ turn }) => ({ ...turn, deaths: 1 })),
    );
    assert.deepEqual(
      interrupted.map(({ session }) => session.key),
      [keyOf('2'), keyOf('1')],
    );
    assert.deepEqual(await later.turns.interrupted(), [], 'they are handed out once');
    await later.turns.append(one.turn.id, [note('went on')]);
    await finish(later, one.turn.id);
    assert.deepEqual(await later.inbox.counts(), { ...none, answered: 2, running: 1 });
  });

  test('deaths count up until the turn gets further; a note is no progress', async ({ store, again }) => {
    await receive(store, queue('1', 'a'));
    const { turn } = await claim(store, '1');
    const seen: (number | undefined)[] = [];
    const die = async (): Promise<typeof store> => {
      const later = await again();
      seen.push((await later.turns.interrupted())[0]?.turn.deaths);
      return later;
    };
    await die();
    await (await die()).turns.append(turn.id, [note('resumed')]);
    await (await die()).turns.append(turn.id, [said('further')]);
    await die();
    await die();
    assert.deepEqual(seen, [1, 2, 3, 1, 2]);
  });

  test('a turn goes on in the conversation that it began in, also after /new', async ({ store, again }) => {
    await receive(store, queue('1', 'a'));
    const { turn, session } = await claim(store, '1');
    const fresh = await store.sessions.reset(keyOf('1'));
    assert.notEqual(fresh?.id, session.id);
    const later = await again();
    const [interrupted] = await later.turns.interrupted();
    assert.equal(interrupted?.turn.sessionId, session.id);
    await later.turns.append(turn.id, [note('old')]);
    await finish(later, turn.id);
    assert.equal((await later.sessions.history(session.id)).length, 1);
    assert.deepEqual(await later.sessions.history(fresh?.id ?? ''), []);
    assert.equal((await later.sessions.get(keyOf('1')))?.totals.turns, 0, 'totals are those of the current id');
  });
}
