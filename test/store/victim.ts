// A child for the SIGKILL tests: works on a store as a gateway does, and prints each promise after `durable()` has kept it.
// Usage: node victim.ts DATABASE
import { writeSync } from 'node:fs';
import { systemClock } from '../../src/domain/clock.ts';
import { silentLog } from '../../src/domain/log.ts';
import type { Session, Turn } from '../../src/domain/session.ts';
import { openStore } from '../../src/store/index.ts';
import { finish, keyOf, queue, reply, said } from '../contracts/store-messages.ts';

const batchSize = 3;
const people = 5;

/** One line, at once: what was written to a pipe survives the writer. */
function promise(kind: string, ...values: (string | number)[]): void {
  writeSync(1, `${[kind, ...values].join(' ')}\n`);
}

const store = await openStore({ path: process.argv[2] as string, clock: systemClock, log: silentLog });

async function run({ turn, session }: { turn: Turn; session: Session }): Promise<void> {
  const texts = turn.messages.map(({ text }) => text);
  for (let step = 0; step < 2; step += 1) {
    const [seq] = await store.turns.append(turn.id, [said(`${texts.join('+')} step ${step}`)]);
    await store.durable();
    promise('entry', session.id, seq as number);
  }
  const sending = await finish(store, turn.id, reply(turn.address.chatId, `answer to ${texts.join('+')}`));
  await store.durable();
  promise('finished', turn.id, turn.messages.map(({ id }) => id).join(','));
  for (const delivery of sending) await send(delivery.id);
}

async function send(id: string): Promise<void> {
  promise('world', id);
  await store.outbox.sent(id, `remote-${id}`);
  await store.durable();
  promise('sent', id);
}

async function lane(person: string): Promise<void> {
  for (;;) {
    const claimed = await store.inbox.claim(keyOf(person), { all: false, most: 1 });
    if (!claimed) return;
    await run(claimed);
  }
}

async function recover(): Promise<void> {
  for (const delivery of await store.outbox.interrupted()) await store.outbox.resendMarked(delivery.id);
  await Promise.all((await store.turns.interrupted()).map(run));
  for (let person = 0; person < people; person += 1) await lane(String(person));
}

async function deliver(): Promise<void> {
  const due = await store.outbox.takeDue(Date.now(), 100);
  await store.durable();
  for (const delivery of due) await send(delivery.id);
}

await recover();
promise('ready');
for (;;) {
  const next = Number((await store.inbox.cursor('telegram', 'default')) ?? '0');
  const events = Array.from({ length: batchSize }, (_, n) =>
    queue(String((next + n) % people), `m${next + n}`, { eventId: `e${next + n}` }),
  );
  await store.inbox.receive({ channel: 'telegram', account: 'default', cursor: String(next + batchSize), events });
  const lanes = Array.from({ length: people }, (_, person) => lane(String(person)));
  await store.durable();
  promise('cursor', next + batchSize);
  await Promise.all(lanes);
  await deliver();
}
