/**
 * What the store costs a message: received with its cursor, claimed, its entry and the model's answer appended, finished with one reply,
 * and sent. On the disk, with `synchronous=FULL`, two commits before the reply leaves.
 *
 *   node bench/store.ts [--messages 20000] [--batch 100] [--sessions 1000] [--stored 1000000] [--history]
 *
 * `--history` reads the session's history in each turn too. Prints the same for a new database and for one that already holds `--stored` messages (0: only the new one).
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/domain/clock.ts';
import { silentLog } from '../src/domain/log.ts';
import type { AdmittedEvent, Store } from '../src/domain/store.ts';
import type { Entry } from '../src/domain/session.ts';
import { openStore } from '../src/store/index.ts';
import { fill } from './store-fill.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '20000' },
    batch: { type: 'string', default: '100' },
    sessions: { type: 'string', default: '1000' },
    stored: { type: 'string', default: '1000000' },
    history: { type: 'boolean', default: false },
  },
});
const messages = Number(values.messages);
const batch = Number(values.batch);
const sessions = Number(values.sessions);
const stored = Number(values.stored);

const answer: Entry = {
  kind: 'assistant',
  parts: [{ type: 'text', text: 'Here is what I found. '.repeat(12) }],
  model: 'anthropic/claude',
  finish: 'stop',
  usage: { inputTokens: 1800, outputTokens: 70, cacheReadTokens: 1500, cacheWriteTokens: 0, reasoningTokens: 0 },
};

function eventOf(n: number): AdmittedEvent {
  const person = String(100_000 + (n % sessions));
  const address = { channel: 'telegram', account: 'default', chatId: person };
  const chat = { id: person, kind: 'direct' as const };
  const text = `Message ${n}: please look into the notes and tell me what is open today.`;
  return {
    event: {
      channel: 'telegram',
      account: 'default',
      eventId: String(7_000_000_000 + n),
      kind: 'message',
      messageId: String(n),
      chat,
      sender: { id: person, name: 'Ada Lovelace', username: 'ada', isBot: false },
      text,
      attachments: [],
      addressed: true,
      sentAtMs: Date.now(),
    },
    admission: {
      outcome: 'queue',
      sessionKey: `agent:main:telegram:default:direct:${person}`,
      agentId: 'main',
      address,
      text,
      traceId: `trace-${n}`,
    },
  };
}

/** The part of a message after its receipt; resolves when its reply has been sent. */
async function answerOne(store: Store, sessionKey: string): Promise<void> {
  const claimed = await store.inbox.claim(sessionKey, { all: false, most: 1 });
  if (!claimed) throw new Error(`nothing waits in ${sessionKey}`);
  const { turn, session } = claimed;
  const [message] = turn.messages;
  if (!message) throw new Error('a turn without a message');
  const envelope = `[telegram direct, Ada Lovelace, 2026-11-01 12:00]`;
  const user: Entry = {
    kind: 'user',
    messageIds: [message.id],
    envelope,
    text: message.text,
    attachments: [],
    senderId: message.sender.id,
  };
  if (values.history) await store.sessions.history(session.id);
  await store.turns.append(turn.id, [user]);
  await store.durable();
  await store.turns.append(turn.id, [answer]);
  const replies = await store.turns.finish(turn.id, {
    state: 'done',
    entries: [],
    deliveries: [{ to: turn.address, part: { text: 'Here is what I found. '.repeat(12) }, index: 0 }],
  });
  await store.durable();
  for (const reply of replies) await store.outbox.sent(reply.id, `9${reply.id}`);
}

async function receive(store: Store, from: number, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, at) => eventOf(from + at));
  const received = await store.inbox.receive({ channel: 'telegram', account: 'default', cursor: String(from + count), events });
  await Promise.all(received.queued.map(({ sessionKey }) => answerOne(store, sessionKey)));
}

function percentile(sorted: readonly number[], share: number): string {
  return `${(sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2)} ms`;
}

async function measure(path: string, first: number): Promise<void> {
  const openedAt = performance.now();
  const store = await openStore({ path, clock: systemClock, log: silentLog });
  const openMs = performance.now() - openedAt;
  let next = first;
  for (; next < first + 20 * batch; next += batch) await receive(store, next, batch);
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  for (const end = next + messages; next < end; next += batch) await receive(store, next, batch);
  await store.durable();
  const elapsedMs = performance.now() - startedAt;
  const cpu = process.cpuUsage(cpuBefore);
  const alone: number[] = [];
  for (let n = 0; n < 300; n += 1) {
    const at = performance.now();
    await receive(store, next, 1);
    alone.push(performance.now() - at);
    next += 1;
  }
  alone.sort((one, other) => one - other);
  const counts = await store.inbox.counts();
  await store.close();
  console.log(`  open                 ${openMs.toFixed(1)} ms`);
  console.log(
    `  messages per second  ${Math.round((messages / elapsedMs) * 1000)} (in batches of ${batch}, ${sessions} sessions)`,
  );
  console.log(`  CPU per message      ${((cpu.user + cpu.system) / 1000 / messages).toFixed(3)} ms`);
  console.log(`  one alone            p50 ${percentile(alone, 0.5)}, p95 ${percentile(alone, 0.95)}`);
  console.log(
    `  answered in all      ${counts.answered}; file ${(statSync(path).size / 1e6).toFixed(0)} MB; rss ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`,
  );
}

const directory = mkdtempSync(join(tmpdir(), 'openclaw-bench-store-'));
try {
  console.log('new database');
  await measure(join(directory, 'new.db'), 1);
  if (stored > 0) {
    const path = join(directory, 'full.db');
    const store = await openStore({ path, clock: systemClock, log: silentLog });
    await store.close();
    fill(path, { messages: stored, sessions: 100_000 });
    console.log(`${stored} messages stored`);
    await measure(path, stored + 1);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
