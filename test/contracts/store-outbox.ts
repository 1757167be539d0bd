// The part of the store's contract about what leaves: order within a chat, retries, previews, what a death leaves.
import assert from 'node:assert/strict';
import type { Delivery, Store } from '../../src/domain/store.ts';
import type { StoreTest } from './store.ts';
import { addressOf, claim, finish, keyOf, queue, receive, rejects, reply } from './store-messages.ts';

const none = { queued: 0, sending: 0, sent: 0, failed: 0, uncertain: 0 };

function textsOf(deliveries: readonly Delivery[]): string[] {
  return deliveries.map((delivery) => delivery.part.text);
}

async function begin(store: Store, person: string): Promise<string> {
  await receive(store, queue(person, 'a'));
  return (await claim(store, person)).turn.id;
}

export function outboxContract(test: StoreTest): void {
  order(test);
  fates(test);
  previews(test);
  deaths(test);
}

function order(test: StoreTest): void {
  test('of a chat one leaves at a time, in order; chats do not wait for each other', async ({ store, clock }) => {
    const added = await store.outbox.add([reply('1', 'a'), reply('1', 'b'), reply('2', 'c'), reply('1', 'd')], false);
    assert.deepEqual(
      added.map(({ state }) => state),
      Array(4).fill('queued'),
    );
    assert.equal(await store.outbox.nextDueMs(), 0);
    const first = await store.outbox.takeDue(clock.now(), 9);
    assert.deepEqual(textsOf(first), ['a', 'c']);
    assert.deepEqual([first[0]?.state, first[0]?.attempts], ['sending', 1]);
    assert.deepEqual(await store.outbox.takeDue(clock.now(), 9), []);
    assert.equal(await store.outbox.nextDueMs(), undefined, 'all waits behind what is being sent');
    await store.outbox.sent(first[0]?.id ?? '', 'r');
    assert.deepEqual(textsOf(await store.outbox.takeDue(clock.now(), 9)), ['b']);
    assert.deepEqual(await store.outbox.counts(), { ...none, sent: 1, sending: 2, queued: 1 });
  });

  test('topics of a chat are chats of their own; accounts too', async ({ store, clock }) => {
    const to = addressOf('1');
    const places = [to, { ...to, threadId: '7' }, { ...to, account: 'other' }, { ...to, channel: 'terminal' }];
    await store.outbox.add(
      places.map((place) => ({ to: place, part: { text: 'x' }, index: 0 })),
      false,
    );
    const due = await store.outbox.takeDue(clock.now(), 9);
    assert.deepEqual(
      due.map((delivery) => delivery.to),
      places,
    );
  });

  test('what is added to be sent now leaves only where nothing of the chat is before it', async ({ store, clock }) => {
    const [first, ...rest] = await store.outbox.add([reply('1', 'a'), reply('1', 'b')], true);
    assert.deepEqual([first?.part.text, first?.state, rest.length], ['a', 'sending', 0]);
    await store.outbox.retry(first?.id ?? '', clock.now() + 1_000, 'too many');
    assert.deepEqual(await store.outbox.add([reply('1', 'c')], true), []);
    assert.deepEqual(textsOf(await store.outbox.add([reply('2', 'd')], true)), ['d']);
    assert.deepEqual(await store.outbox.takeDue(clock.now(), 9), []);
    assert.equal(await store.outbox.nextDueMs(), clock.now() + 1_000);
    clock.pass(1_000);
    for (const text of ['a', 'b', 'c']) {
      const [due, ...more] = await store.outbox.takeDue(clock.now(), 9);
      assert.deepEqual([due?.part.text, more.length], [text, 0]);
      await store.outbox.sent(due?.id ?? '', text);
    }
  });

  test('a limit leaves the rest for the next time', async ({ store, clock }) => {
    await store.outbox.add(
      ['1', '2', '3'].map((person) => reply(person, person)),
      false,
    );
    assert.deepEqual(textsOf(await store.outbox.takeDue(clock.now(), 2)), ['1', '2']);
    assert.deepEqual(textsOf(await store.outbox.takeDue(clock.now(), 2)), ['3']);
  });

  test('a delivery comes out as it went in', async ({ store, clock }) => {
    const part = {
      text: 'a\u{1F600}',
      file: { path: '/x', fileName: 'x', mimeType: 'text/plain', asPhoto: false },
      buttons: [{ label: 'a', command: '/b' }],
    };
    const to = { ...addressOf('1'), threadId: '2', replyToMessageId: '3' };
    const [added] = await store.outbox.add([{ to, part, index: 4, sessionKey: keyOf('1'), remoteId: 'r9' }], false);
    const [due] = await store.outbox.takeDue(clock.now(), 1);
    assert.deepEqual(due, { ...added, state: 'sending', attempts: 1 });
    assert.deepEqual(due?.to, to);
    assert.deepEqual([due?.part, due?.index, due?.remoteId], [part, 4, 'r9']);
  });
}

function fates(test: StoreTest): void {
  test('a delivery that failed, or may have arrived, lets the next one go', async ({ store, clock }) => {
    await store.outbox.add([reply('1', 'a'), reply('1', 'b'), reply('1', 'c')], false);
    for (const state of ['failed', 'uncertain'] as const) {
      const [due] = await store.outbox.takeDue(clock.now(), 9);
      await store.outbox.fail(due?.id ?? '', state, 'blocked by the person');
    }
    assert.deepEqual(textsOf(await store.outbox.takeDue(clock.now(), 9)), ['c']);
    assert.deepEqual(await store.outbox.counts(), { ...none, failed: 1, uncertain: 1, sending: 1 });
    const listed = await store.outbox.list({ states: ['failed', 'uncertain'], limit: 9 });
    assert.deepEqual(
      listed.map((row) => [row.part.text, row.state, row.reason, row.createdAtMs]),
      [
        ['b', 'uncertain', 'blocked by the person', clock.now()],
        ['a', 'failed', 'blocked by the person', clock.now()],
      ],
    );
    assert.deepEqual(textsOf(await store.outbox.list({ limit: 2 })), ['c', 'b']);
  });

  test('each attempt counts', async ({ store, clock }) => {
    const [sending] = await store.outbox.add([reply('1', 'a')], true);
    for (let attempt = 2; attempt < 5; attempt += 1) {
      await store.outbox.retry(sending?.id ?? '', clock.now(), 'again');
      assert.equal((await store.outbox.takeDue(clock.now(), 9))[0]?.attempts, attempt);
    }
  });

  test('a marked repeat waits for its time, and what follows it in its chat too', async ({ store, clock }) => {
    const [sending] = await store.outbox.add([reply('1', 'a'), reply('1', 'b')], true);
    await store.outbox.resendMarked(sending?.id ?? '', clock.now() + 1_000);
    assert.deepEqual(await store.outbox.takeDue(clock.now(), 9), []);
    clock.pass(1_000);
    const [due, ...more] = await store.outbox.takeDue(clock.now(), 9);
    assert.deepEqual([due?.part.text, due?.markedRepeat, more.length], ['a', true, 0]);
  });

  test('what is over stays over', async ({ store, clock }) => {
    const [sending] = await store.outbox.add([reply('1', 'a'), reply('1', 'b')], true);
    const id = sending?.id ?? '';
    await store.outbox.sent(id, 'r1');
    await store.outbox.sent(id, 'r2');
    await store.outbox.retry(id, 0, 'late');
    await store.outbox.fail(id, 'failed', 'late');
    await rejects(store.outbox.resendMarked(id), 'conflict');
    const [row] = await store.outbox.list({ states: ['sent'], limit: 9 });
    assert.deepEqual([row?.state, row?.remoteId], ['sent', 'r1']);
    assert.deepEqual(textsOf(await store.outbox.takeDue(clock.now(), 9)), ['b']);
    for (const unknown of ['', 'd-1', 'm-3676915742844928']) await rejects(store.outbox.sent(unknown, 'r'), 'not_found');
  });
}

async function openPreview(store: Store, turn: string, person: string): Promise<Delivery> {
  const preview = await store.outbox.openPreview(turn, addressOf(person));
  assert.ok(preview);
  return preview;
}

function previews(test: StoreTest): void {
  test('a preview becomes the first part of the reply and holds up nothing else', async ({ store, clock }) => {
    const turn = await begin(store, '1');
    const preview = await openPreview(store, turn, '1');
    assert.deepEqual([preview.part.text, preview.state, preview.turnId], ['', 'sending', turn]);
    await store.outbox.previewShown(preview.id, 'shown');
    assert.equal((await store.outbox.preview(turn))?.remoteId, 'shown');
    const [status] = await store.outbox.add([reply('1', 'status')], true);
    assert.equal(status?.state, 'sending');
    await store.outbox.sent(status?.id ?? '', 's');
    const sending = await finish(store, turn, reply('1', 'one', { remoteId: 'shown' }), reply('1', 'two', { index: 1 }));
    assert.deepEqual(
      sending.map((delivery) => [delivery.id, delivery.part.text, delivery.remoteId, delivery.state]),
      [[preview.id, 'one', 'shown', 'sending']],
    );
    assert.equal(await store.outbox.preview(turn), undefined);
    await store.outbox.sent(preview.id, 'shown');
    assert.deepEqual(textsOf(await store.outbox.takeDue(clock.now(), 9)), ['two']);
    assert.deepEqual(await store.outbox.counts(), { ...none, sent: 2, sending: 1 });
  });

  test('a reply that goes on in a preview still waits for what is before it', async ({ store, clock }) => {
    const turn = await begin(store, '1');
    const preview = await openPreview(store, turn, '1');
    await store.outbox.previewShown(preview.id, 'shown');
    const [before] = await store.outbox.add([reply('1', 'before')], true);
    assert.deepEqual(await finish(store, turn, reply('1', 'answer', { remoteId: 'shown' })), []);
    await store.outbox.sent(before?.id ?? '', 'b');
    const [due] = await store.outbox.takeDue(clock.now(), 9);
    assert.deepEqual([due?.part.text, due?.remoteId], ['answer', 'shown']);
  });

  test('no preview begins while something of its chat has yet to leave', async ({ store }) => {
    const turn = await begin(store, '1');
    const [before] = await store.outbox.add([reply('1', 'before')], true);
    await store.outbox.add([reply('2', 'elsewhere')], true);
    assert.equal(await store.outbox.openPreview(turn, addressOf('1')), undefined);
    assert.equal(await store.outbox.preview(turn), undefined);
    await store.outbox.sent(before?.id ?? '', 'b');
    await openPreview(store, turn, '1');
  });

  test('a preview that the end does not take up is closed', async ({ store }) => {
    for (const [person, shown] of [
      ['1', 'shown'],
      ['2', undefined],
    ] as const) {
      const turn = await begin(store, person);
      const preview = await openPreview(store, turn, person);
      if (shown !== undefined) await store.outbox.previewShown(preview.id, shown);
      await finish(store, turn);
    }
    assert.deepEqual(await store.outbox.counts(), { ...none, sent: 1, uncertain: 1 });
    await rejects(store.outbox.openPreview('t-1', addressOf('1')), 'not_found');
  });
}

function deaths(test: StoreTest): void {
  test('what was being sent when the process died is found, previews included', async ({ store, clock, again }) => {
    const turn = await begin(store, '1');
    await store.outbox.openPreview(turn, addressOf('1'));
    const [one] = await store.outbox.add([reply('2', 'a'), reply('2', 'b')], true);
    await store.outbox.add([reply('3', 'c')], false);
    const later = await again();
    assert.deepEqual(textsOf(await later.outbox.interrupted()), ['', 'a']);
    await later.outbox.resendMarked(one?.id ?? '');
    assert.deepEqual(textsOf(await later.outbox.interrupted()), ['']);
    const due = await later.outbox.takeDue(clock.now(), 9);
    assert.deepEqual(
      due.map((delivery) => [delivery.part.text, delivery.markedRepeat, delivery.attempts]),
      [
        ['a', true, 2],
        ['c', false, 1],
      ],
    );
  });
}
