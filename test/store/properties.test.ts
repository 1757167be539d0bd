// Random interleavings of the verbs, against a model: every received message is in exactly one state, lanes and chats keep their order,
// no event counts twice, counters are exact; also over restarts, failing verbs and commits at any moment.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { array, assert as assertProperty, asyncProperty, constantFrom, nat, record } from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { AdmittedEvent, Store, TurnEnd } from '../../src/domain/store.ts';
import { claim, command, finish, keyOf, queue, receive, refuse, reply, said } from '../contracts/store-messages.ts';
import { Model } from './model.ts';
import type { ModelDelivery, ModelMessage } from './model.ts';
import { makePlace } from './place.ts';
import type { Place } from './place.ts';

const people = ['1', '2', '3'];

/** One step: a verb with three numbers that say what it does to whom. */
interface Step {
  verb: keyof typeof verbs;
  a: number;
  b: number;
  c: number;
}

interface Run {
  place: Place;
  store: Store;
  model: Model;
  fresh: number;
}

const person = (n: number): string => people[n % people.length] as string;

function delivery(run: Run, to: string): ModelDelivery {
  run.fresh += 1;
  return { id: '', person: to, text: `reply ${run.fresh}`, state: 'queued', notBeforeMs: 0 };
}

/** Sends what the model says, and takes over the ids that the store gave. */
async function adopt(run: Run, expected: ModelDelivery[], got: Promise<{ id: string; part: { text: string } }[]>): Promise<void> {
  const deliveries = await got;
  assert.deepEqual(
    deliveries.map(({ part }) => part.text),
    expected.map(({ text }) => text),
  );
  const all = await run.store.outbox.list({ limit: 10_000 });
  for (const known of run.model.deliveries)
    known.id = all.find((row) => row.part.text === known.text)?.id ?? assert.fail('a delivery is gone');
}

function admitted(run: Run, to: string, kind: number): { event: AdmittedEvent; message: ModelMessage } {
  run.fresh += 1;
  const text = `message ${run.fresh}`;
  const event = kind === 0 ? refuse(to, text) : kind === 1 ? command(to, text) : queue(to, text, { messageId: text });
  const state = kind === 0 ? 'refused' : 'queued';
  return { event, message: { event: event.event.eventId, person: to, command: kind === 1, state, text, id: '' } };
}

const received: AdmittedEvent[] = [];

const verbs = {
  async receive(run: Run, { a, b, c }: Step) {
    const batch = Array.from({ length: 1 + (b % 4) }, (_, n) => admitted(run, person(a + n), (c + n) % 5));
    const repeated = received.length > 0 && c % 3 === 0 ? [received[b % received.length] as AdmittedEvent] : [];
    const expected = batch.filter(({ message }) => run.model.receive(message));
    const result = await receive(run.store, ...batch.map(({ event }) => event), ...repeated);
    received.push(...batch.map(({ event }) => event));
    assert.equal(result.repeats, repeated.length);
    const queued = expected.filter(({ message }) => message.state === 'queued' && !message.command);
    assert.deepEqual(
      result.queued.map(({ sessionKey }) => sessionKey),
      queued.map(({ message }) => keyOf(message.person)),
    );
    result.queued.forEach(({ id }, at) => ((queued[at] as { message: ModelMessage }).message.id = id));
    const commands = expected.filter(({ message }) => message.command);
    result.commands.forEach(({ message: { id } }, at) => ((commands[at] as { message: ModelMessage }).message.id = id));
  },

  async claim(run: Run, { a, b, c }: Step) {
    const who = person(a);
    const take = { all: c % 2 === 0, most: 1 + (b % 3) };
    const expected = run.model.running.has(who) ? [] : run.model.waiting(who).slice(0, take.all ? take.most : 1);
    const claimed = await run.store.inbox.claim(keyOf(who), take);
    assert.deepEqual(
      claimed?.turn.messages.map(({ id }) => id) ?? [],
      expected.map(({ id }) => id),
    );
    if (!claimed) return;
    for (const message of expected) message.state = 'running';
    const { turn, session } = claimed;
    run.model.running.set(who, {
      id: turn.id,
      person: who,
      sessionId: session.id,
      messages: expected,
      entries: [],
      seen: 0,
      deaths: 0,
    });
  },

  async join(run: Run, { a }: Step) {
    const turn = run.model.running.get(person(a));
    if (!turn) return;
    const expected = run.model.waiting(turn.person);
    const joined = await run.store.inbox.join(turn.id);
    assert.deepEqual(
      joined.map(({ id }) => id),
      expected.map(({ id }) => id),
    );
    for (const message of expected) message.state = 'running';
    turn.messages.push(...expected);
  },

  async append(run: Run, { a, b }: Step) {
    const turn = run.model.running.get(person(a));
    if (!turn) return;
    run.fresh += 1;
    const texts = Array.from({ length: b % 3 }, (_, n) => `entry ${run.fresh} ${n}`);
    await run.store.turns.append(turn.id, texts.map(said));
    turn.entries.push(...texts);
    run.model.histories.set(turn.sessionId, [...(run.model.histories.get(turn.sessionId) ?? []), ...texts]);
  },

  async finish(run: Run, { a, b, c }: Step) {
    const turn = run.model.running.get(person(a));
    if (!turn) return;
    const state = (['done', 'failed', 'stopped', 'quarantined'] as const)[c % 4] as TurnEnd['state'];
    const replies = Array.from({ length: b % 3 }, () => delivery(run, turn.person));
    const end = state === 'quarantined' ? 'quarantined' : state === 'done' || replies.length > 0 ? 'answered' : 'refused';
    for (const message of turn.messages) message.state = end;
    run.model.running.delete(turn.person);
    const leaving = run.model.add(replies, true);
    const deliveries = replies.map(({ text }) => reply(turn.person, text));
    await adopt(run, leaving, run.store.turns.finish(turn.id, { state, entries: [], deliveries }));
  },

  async drop(run: Run, { a }: Step) {
    const waiting = run.model.waiting(person(a));
    assert.equal(await run.store.inbox.dropQueued(keyOf(person(a)), 'dropped'), waiting.length);
    for (const message of waiting) message.state = 'refused';
  },

  async amend(run: Run, { a, b, c }: Step) {
    const waiting = run.model.waiting(person(a));
    const message = waiting[b % Math.max(1, waiting.length)];
    if (!message) return;
    const deleted = c % 2 === 0;
    const change = deleted ? { deleted: true as const } : { text: `${message.text} edited` };
    assert.equal(await run.store.inbox.amend('telegram', 'default', message.person, messageIdOf(message.text), change), true);
    if (deleted) message.state = 'refused';
    else message.text += ' edited';
  },

  async commandDone(run: Run, { b, c }: Step) {
    const open = run.model.commands();
    const done = open[b % Math.max(1, open.length)];
    if (!done) return;
    done.state = 'answered';
    const replies = Array.from({ length: c % 2 }, () => delivery(run, done.person));
    const leaving = run.model.add(replies, true);
    await adopt(
      run,
      leaving,
      run.store.inbox.commandDone(
        done.id,
        replies.map(({ text }) => reply(done.person, text)),
      ),
    );
  },

  async add(run: Run, { a, b, c }: Step) {
    const added = Array.from({ length: 1 + (b % 3) }, (_, n) => delivery(run, person(a + n)));
    const sendNow = c % 2 === 0;
    const leaving = run.model.add(added, sendNow);
    const deliveries = added.map(({ text, person: to }) => reply(to, text));
    await adopt(run, sendNow ? leaving : added, run.store.outbox.add(deliveries, sendNow));
  },

  async takeDue(run: Run, { b }: Step) {
    const due = run.model.due(run.place.clock.now(), 1 + (b % 3));
    for (const one of due) one.state = 'sending';
    await adopt(run, due, run.store.outbox.takeDue(run.place.clock.now(), 1 + (b % 3)));
  },

  async settle(run: Run, { a, b, c }: Step) {
    const sending = run.model.deliveries.filter(({ state }) => state === 'sending');
    const one = sending[a % Math.max(1, sending.length)];
    if (!one) return;
    const fates = {
      sent: () => run.store.outbox.sent(one.id, `r${b}`),
      failed: () => run.store.outbox.fail(one.id, 'failed', 'no'),
      uncertain: () => run.store.outbox.fail(one.id, 'uncertain', 'perhaps'),
      queued: () => run.store.outbox.retry(one.id, run.place.clock.now() + (b % 3) * 1_000, 'later'),
    };
    const fate = (['sent', 'sent', 'failed', 'uncertain', 'queued'] as const)[c % 5] as keyof typeof fates;
    await fates[fate]();
    one.state = fate;
    if (fate === 'queued') one.notBeforeMs = run.place.clock.now() + (b % 3) * 1_000;
  },

  async fail(run: Run, { a }: Step) {
    const turn = run.model.running.get(person(a));
    const broken = { to: {}, part: {}, index: 0 } as never;
    if (turn) await assert.rejects(finish(run.store, turn.id, reply(turn.person, 'never'), broken));
    await assert.rejects(run.store.turns.append('t-1', [said('never')]));
    await assert.rejects(receive(run.store, queue(person(a), 'never'), { event: {}, admission: {} } as never));
  },

  async commit(run: Run) {
    await run.store.durable();
  },

  async pass(run: Run, { b }: Step) {
    run.place.clock.pass((b % 5) * 500);
  },

  async reset(run: Run, { a }: Step) {
    await run.store.sessions.reset(keyOf(person(a)));
  },

  async restart(run: Run) {
    await run.store.close();
    run.store = await run.place.open();
    const turns = [...run.model.running.values()];
    for (const turn of turns) {
      turn.deaths = turn.entries.length > turn.seen ? 1 : turn.deaths + 1;
      turn.seen = turn.entries.length;
    }
    const interrupted = await run.store.turns.interrupted();
    assert.deepEqual(
      interrupted.map(({ turn }) => [turn.id, turn.deaths, turn.messages.map(({ id }) => id)]),
      turns
        .toSorted((one, other) => (one.id < other.id ? -1 : 1))
        .map(({ id, deaths, messages }) => [id, deaths, messages.map((message) => message.id)]),
    );
  },
};

/** The platform's id never changes with an edit. */
function messageIdOf(text: string): string {
  return text.replaceAll(' edited', '');
}

async function agree({ store, model, place }: Run): Promise<void> {
  const counts = model.counts();
  assert.deepEqual(await store.inbox.counts(), counts.messages);
  assert.deepEqual(await store.outbox.counts(), counts.deliveries);
  assert.deepEqual(
    (await store.inbox.readyLanes(9)).map(({ senderId }) => senderId),
    model.ready(),
  );
  const rows = await store.inbox.list({ limit: 10_000 });
  assert.deepEqual(
    rows.map(({ text, state }) => [text, state]),
    model.messages.map(({ text, state }) => [text, state]).toReversed(),
  );
  const due = model.due(Number.MAX_SAFE_INTEGER, 1_000).map(({ notBeforeMs }) => notBeforeMs);
  assert.equal(await store.outbox.nextDueMs(), due.length === 0 ? undefined : Math.min(...due));
  for (const [sessionId, texts] of model.histories) {
    const history = await store.sessions.history(sessionId);
    assert.deepEqual(
      history.map(({ entry }) => entry.kind === 'assistant' && entry.parts[0]?.type === 'text' && entry.parts[0].text),
      texts,
    );
  }
  assert.ok(place.clock.now() > 0);
}

const steps = array(
  record({
    verb: constantFrom(...(Object.keys(verbs) as (keyof typeof verbs)[]), 'receive', 'claim', 'finish', 'takeDue', 'settle'),
    a: nat(20),
    b: nat(20),
    c: nat(20),
  }),
  { minLength: 5, maxLength: 60 },
) as Arbitrary<Step[]>;

describe('any sequence of verbs', () => {
  test('leaves what the model says', { timeout: 120_000 }, async () => {
    const property = asyncProperty(steps, async (sequence) => {
      const place = await makePlace();
      const run: Run = { place, store: await place.open(), model: new Model(), fresh: 0 };
      received.length = 0;
      try {
        for (const step of sequence) {
          await verbs[step.verb](run, step);
          await agree(run);
        }
        assert.deepEqual(await run.store.check(), { ok: true, problems: [] });
      } finally {
        await run.store.close();
        await place.remove();
      }
    });
    await assertProperty(property, { numRuns: Number(process.env['STORE_RUNS'] ?? 40) });
  });

  test('that drain the lanes answer everything once, in order', { timeout: 60_000 }, async () => {
    const place = await makePlace();
    const store = await place.open();
    const expected = new Map(people.map((who) => [who, [] as string[]]));
    for (let n = 0; n < 60; n += 1) {
      const who = person(n * 7 + (n % 5));
      expected.get(who)?.push(`text ${n}`);
      await receive(store, queue(who, `text ${n}`));
    }
    const answered = new Map(people.map((who) => [who, [] as string[]]));
    const lane = async (who: string): Promise<void> => {
      for (let n = 0; answered.get(who)?.length !== expected.get(who)?.length; n += 1) {
        const { turn } = await claim(store, who, { all: n % 2 === 0, most: 3 });
        answered.get(who)?.push(...turn.messages.map(({ text }) => text));
        await store.durable();
        await finish(store, turn.id);
      }
    };
    await Promise.all(people.map(lane));
    assert.deepEqual(answered, expected);
    await store.close();
    await place.remove();
  });
});
