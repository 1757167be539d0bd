// The part of the store's contract about what is received and how lanes take it.
import assert from 'node:assert/strict';
import type { AdmittedEvent } from '../../src/domain/store.ts';
import type { StoreTest } from './store.ts';
import { claim, command, finish, keyOf, one, queue, receive, refuse, rejects, reply, where } from './store-messages.ts';

const none = { queued: 0, running: 0, answered: 0, refused: 0, quarantined: 0 };

export function inboxContract(test: StoreTest): void {
  receiving(test);
  lanes(test);
  changing(test);
  commands(test);
  looking(test);
}

function receiving(test: StoreTest): void {
  test('a batch is stored with its cursor; what is new and queued is named in order', async ({ store, again }) => {
    const events = [queue('1', 'a'), refuse('2', 'b'), queue('3', 'c')];
    const result = await store.inbox.receive({ ...where, cursor: '17', events });
    assert.deepEqual(
      result.queued.map(({ sessionKey }) => sessionKey),
      [keyOf('1'), keyOf('3')],
    );
    assert.equal(result.repeats, 0);
    assert.deepEqual(await store.inbox.counts(), { ...none, queued: 2, refused: 1 });
    const later = await again();
    assert.equal(await later.inbox.cursor('telegram', 'default'), '17');
    assert.equal(await later.inbox.cursor('telegram', 'other'), undefined);
    assert.deepEqual(await later.inbox.counts(), { ...none, queued: 2, refused: 1 });
  });

  test('an event is taken once, whoever repeats it and whatever became of it', async ({ store }) => {
    const [first, second] = [queue('1', 'a', { eventId: 'e1' }), refuse('2', 'b')];
    assert.equal((await receive(store, first, first)).repeats, 1);
    await receive(store, second);
    const { turn } = await claim(store, '1');
    await finish(store, turn.id);
    const again = await receive(store, first, second, queue('1', 'another text', { eventId: 'e1' }));
    assert.deepEqual(again, { queued: [], commands: [], repeats: 3 });
    assert.deepEqual(await store.inbox.counts(), { ...none, answered: 1, refused: 1 });
  });

  test('the same event id of another account is another event', async ({ store }) => {
    await receive(store, queue('1', 'a', { eventId: 'same' }));
    const other = await store.inbox.receive({
      channel: 'telegram',
      account: 'second',
      events: [queue('1', 'a', { eventId: 'same' })],
    });
    assert.equal(other.repeats, 0);
  });

  test('a batch that cannot be stored whole leaves nothing, and nothing of others is lost with it', async ({ store }) => {
    const broken = queue('3', 'c');
    const bad = { ...broken, event: { ...broken.event, eventId: undefined } } as unknown as AdmittedEvent;
    const before = receive(store, queue('1', 'kept'));
    const failed = store.inbox.receive({ ...where, cursor: '99', events: [queue('2', 'lost'), bad] });
    const after = receive(store, queue('4', 'kept too'));
    await assert.rejects(failed);
    await Promise.all([before, after]);
    await store.durable();
    assert.equal(await store.inbox.cursor('telegram', 'default'), undefined);
    assert.deepEqual(
      (await store.inbox.list({ limit: 9 })).map((row) => row.text),
      ['kept too', 'kept'],
    );
  });

  test('a refused message keeps its reason; its one answer waits in the outbox', async ({ store, clock }) => {
    await receive(store, refuse('9', 'let me in', 'Ask the owner.'), refuse('8', 'hello'));
    const [silent, answered] = await store.inbox.list({ states: ['refused'], limit: 9 });
    assert.equal(silent?.reason, 'a stranger');
    const [due, ...more] = await store.outbox.takeDue(clock.now(), 9);
    assert.equal(due?.part.text, 'Ask the owner.');
    assert.equal(due?.to.chatId, '9');
    assert.equal(due?.traceId, answered?.traceId);
    assert.deepEqual(more, []);
    assert.equal(await store.inbox.claim(keyOf('9'), one), undefined);
  });

  test('everything that a turn needs of a message comes out as it went in', async ({ store, clock }) => {
    const more = {
      attachments: [{ kind: 'photo' as const, remoteId: 'f1', sizeBytes: 12 }],
      replyTo: { messageId: '4', text: 'before' },
      forwardedFrom: 'Grace',
      chat: { id: '1', kind: 'direct' as const, title: 'x', threadId: '7' },
      sender: { id: '1', name: "O'Neil \u{1F600} \0 end", username: 'on', isBot: false },
      sentAtMs: 123_456,
    };
    const sent = queue('1', 'text with "quotes"\nand lines', more);
    assert.ok(sent.admission.outcome === 'queue');
    sent.admission.address = { ...sent.admission.address, threadId: '7', replyToMessageId: '4' };
    sent.admission.origin = 'a schedule';
    await receive(store, sent);
    const { turn } = await claim(store, '1');
    const { id, ...message } = turn.messages[0] ?? assert.fail('no message');
    assert.match(id, /^[a-z0-9-]{1,64}$/);
    const { address, traceId } = sent.admission;
    const expected = { ...more, address, traceId, text: sent.event.text, receivedAtMs: clock.now(), origin: 'a schedule' };
    assert.deepEqual(message, expected);
    assert.deepEqual(turn.address, address);
  });
}

function lanes(test: StoreTest): void {
  test('a lane gives its messages one turn after the other, in order', async ({ store }) => {
    await receive(store, queue('1', 'a'), queue('1', 'b'));
    await receive(store, queue('1', 'c'));
    for (const text of ['a', 'b', 'c']) {
      const { turn } = await claim(store, '1');
      assert.deepEqual(
        turn.messages.map((message) => message.text),
        [text],
      );
      assert.equal(await store.inbox.claim(keyOf('1'), one), undefined, 'a second turn of a lane that runs');
      await finish(store, turn.id);
    }
    assert.equal(await store.inbox.claim(keyOf('1'), one), undefined);
    assert.deepEqual(await store.inbox.counts(), { ...none, answered: 3 });
  });

  test('a turn may take all that waits, up to its limit', async ({ store }) => {
    await receive(store, ...['a', 'b', 'c', 'd', 'e'].map((text) => queue('1', text)));
    const first = await claim(store, '1', { all: true, most: 3 });
    assert.deepEqual(
      first.turn.messages.map((message) => message.text),
      ['a', 'b', 'c'],
    );
    await finish(store, first.turn.id);
    const second = await claim(store, '1', { all: true, most: 9 });
    assert.deepEqual(
      second.turn.messages.map((message) => message.text),
      ['d', 'e'],
    );
  });

  test('ready are the lanes that wait and do not run, the longest-waiting first', async ({ store }) => {
    await receive(store, queue('3', 'a'), queue('1', 'b'), queue('2', 'c'), queue('3', 'd'));
    const keys = async (): Promise<string[]> => (await store.inbox.readyLanes(9)).map((lane) => lane.senderId);
    assert.deepEqual(await keys(), ['3', '1', '2']);
    assert.deepEqual(await store.inbox.readyLanes(1), [{ sessionKey: keyOf('3'), senderId: '3' }]);
    const { turn } = await claim(store, '3');
    assert.deepEqual(await keys(), ['1', '2']);
    await finish(store, turn.id);
    assert.deepEqual(await keys(), ['1', '2', '3'], 'its next message came last');
    await claim(store, '1');
    assert.deepEqual(await keys(), ['2', '3']);
  });

  test('steering adds what waits to the running turn', async ({ store }) => {
    await receive(store, queue('1', 'a'), queue('2', 'other'));
    const { turn } = await claim(store, '1');
    assert.deepEqual(await store.inbox.join(turn.id), []);
    await receive(store, queue('1', 'b'), queue('1', 'c'));
    assert.deepEqual(
      (await store.inbox.join(turn.id)).map((message) => message.text),
      ['b', 'c'],
    );
    assert.deepEqual(await store.inbox.counts(), { ...none, running: 3, queued: 1 });
    await finish(store, turn.id);
    assert.deepEqual(await store.inbox.counts(), { ...none, answered: 3, queued: 1 });
    await rejects(store.inbox.join(turn.id), 'not_found');
  });

  test('what a lane drops is refused with the reason; what runs goes on', async ({ store }) => {
    await receive(store, queue('1', 'a'), queue('1', 'b'), queue('1', 'c'), queue('2', 'd'));
    const { turn } = await claim(store, '1');
    assert.equal(await store.inbox.dropQueued(keyOf('1'), 'stopped'), 2);
    assert.equal(await store.inbox.dropQueued(keyOf('1'), 'stopped'), 0);
    assert.equal(await store.inbox.dropQueued('agent:main:nobody', 'stopped'), 0);
    assert.deepEqual(await store.inbox.counts(), { ...none, running: 1, queued: 1, refused: 2 });
    const refused = await store.inbox.list({ states: ['refused'], limit: 9 });
    assert.deepEqual(
      refused.map((row) => row.reason),
      ['stopped', 'stopped'],
    );
    await finish(store, turn.id);
    assert.deepEqual(
      (await store.inbox.readyLanes(9)).map((lane) => lane.senderId),
      ['2'],
    );
  });
}

function changing(test: StoreTest): void {
  test('an edit reaches a message that waits, and comes too late for one that runs', async ({ store }) => {
    await receive(store, queue('1', 'first', { messageId: 'a' }), queue('1', 'secnd', { messageId: 'b' }));
    const { turn } = await claim(store, '1');
    const amend = (messageId: string, change: { text: string } | { deleted: true }, chatId = '1'): Promise<boolean> =>
      store.inbox.amend('telegram', 'default', chatId, messageId, change);
    assert.equal(await amend('a', { text: 'late' }), false);
    assert.equal(await amend('b', { text: 'second' }, '2'), false, 'a message of another chat');
    assert.equal(await store.inbox.amend('telegram', 'other', '1', 'b', { text: 'second' }), false, 'of another account');
    assert.equal(await amend('b', { text: 'second' }), true);
    await finish(store, turn.id);
    assert.equal((await claim(store, '1')).turn.messages[0]?.text, 'second');
  });

  test('a deleted message that waits is refused, also when it is the next', async ({ store }) => {
    await receive(
      store,
      queue('1', 'a', { messageId: 'a' }),
      queue('1', 'b', { messageId: 'b' }),
      queue('2', 'c', { messageId: 'c' }),
    );
    for (const [chat, id] of [
      ['1', 'a'],
      ['2', 'c'],
    ] as const) {
      assert.equal(await store.inbox.amend('telegram', 'default', chat, id, { deleted: true }), true);
    }
    assert.deepEqual(await store.inbox.counts(), { ...none, queued: 1, refused: 2 });
    assert.equal(await store.inbox.claim(keyOf('2'), one), undefined);
    assert.equal((await claim(store, '1')).turn.messages[0]?.text, 'b');
  });
}

function commands(test: StoreTest): void {
  test('a command waits for nobody and is answered with its reply', async ({ store, again }) => {
    await receive(store, queue('1', 'a'));
    const { turn } = await claim(store, '1');
    const { commands: received, queued } = await receive(store, command('1', '/status'), command('2', '/help'));
    assert.deepEqual(queued, []);
    assert.deepEqual(
      received.map(({ message, sessionKey, agentId }) => [message.text, sessionKey, agentId]),
      [
        ['/status', keyOf('1'), 'main'],
        ['/help', keyOf('2'), 'main'],
      ],
    );
    assert.deepEqual(await store.inbox.join(turn.id), [], 'a command is nothing for the turn');
    assert.deepEqual(await store.inbox.readyLanes(9), []);
    const [status] = received;
    assert.ok(status);
    const [sending] = await store.inbox.commandDone(status.message.id, [reply('1', 'fine')]);
    assert.equal(sending?.state, 'sending');
    assert.equal(sending?.traceId, status.message.traceId);
    assert.deepEqual(await store.inbox.commandDone(status.message.id, [reply('1', 'fine')]), [], 'it is done once');
    assert.deepEqual(await store.inbox.counts(), { ...none, running: 1, queued: 1, answered: 1 });
    const unfinished = await (await again()).inbox.unfinishedCommands();
    assert.deepEqual(unfinished, received.slice(1));
  });

  test('a command that is not there cannot be done', async ({ store }) => {
    const { queued } = await receive(store, queue('1', 'a'));
    for (const id of [queued[0]?.id ?? '', 'm-1', '']) await rejects(store.inbox.commandDone(id, []), 'not_found');
  });
}

function looking(test: StoreTest): void {
  test('messages are listed newest first, by state and session, page by page', async ({ store }) => {
    for (const text of ['a', 'b', 'c']) await receive(store, queue('1', text));
    await receive(store, queue('2', 'd'), refuse('3', 'e'), command('1', '/f'));
    const { turn } = await claim(store, '1');
    const texts = async (filter: Partial<Parameters<typeof store.inbox.list>[0]>): Promise<string> =>
      (await store.inbox.list({ limit: 9, ...filter })).map((row) => row.text).join(' ');
    assert.equal(await texts({}), '/f e d c b a');
    assert.equal(await texts({ states: ['queued'] }), '/f d c b');
    assert.equal(await texts({ states: ['running'] }), 'a');
    assert.equal(await texts({ states: ['refused', 'running'] }), 'e a');
    assert.equal(await texts({ states: [] }), '');
    assert.equal(await texts({ sessionKey: keyOf('1') }), '/f c b a');
    assert.equal(await texts({ sessionKey: keyOf('1'), states: ['running', 'answered'] }), 'a');
    assert.equal(await texts({ sessionKey: 'agent:main:nobody' }), '');
    const page = await store.inbox.list({ limit: 2 });
    assert.equal(page.length, 2);
    assert.equal(await texts({ limit: 2, beforeId: page[1]?.id ?? '' }), 'd c');
    const [row] = await store.inbox.list({ states: ['running'], limit: 9 });
    assert.equal(row?.turnId, turn.id);
    assert.equal(row?.sessionKey, keyOf('1'));
    assert.equal(row?.senderId, '1');
  });

  test('ids ascend, also when the clock jumps back and over a restart', async ({ store, clock, again }) => {
    const ids: string[] = [];
    const take = async (from: typeof store): Promise<void> => {
      for (let n = 0; n < 3; n += 1)
        ids.push(...(await receive(from, queue('1', 'a'), queue('2', 'b'))).queued.map(({ id }) => id));
    };
    await take(store);
    clock.pass(-1_000_000);
    await take(store);
    await take(await again());
    clock.pass(3_000_000);
    await take(await again());
    assert.deepEqual(ids, ids.toSorted());
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[a-z0-9-]{1,64}$/);
  });
}
