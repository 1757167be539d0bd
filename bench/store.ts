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
import type { Store } from '../src/domain/store.ts';
import { openStore } from '../src/store/index.ts';
import { fill } from './store-fill.ts';
import { createLoad } from './store-load.ts';

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
/** The databases take turns, so that a busy machine is as busy for each. */
const rounds = 10;
const { receive } = createLoad({ sessions, history: values.history });

/** One database with its figures, one of each per round. */
interface Subject {
  name: string;
  path: string;
  store: Store;
  next: number;
  openMs: number[];
  perSecond: number[];
  cpuMs: number[];
  aloneMs: number[];
}

const open = (path: string): Promise<Store> => openStore({ path, clock: systemClock, log: silentLog });

async function subjectOf(name: string, path: string, next: number): Promise<Subject> {
  return { name, path, store: await open(path), next, openMs: [], perSecond: [], cpuMs: [], aloneMs: [] };
}

async function take(subject: Subject, count: number, batch: number): Promise<number> {
  const startedAt = performance.now();
  for (const end = subject.next + count; subject.next < end; subject.next += batch)
    await receive(subject.store, subject.next, batch);
  await subject.store.durable();
  return performance.now() - startedAt;
}

async function round(subject: Subject): Promise<void> {
  await subject.store.close();
  const openedAt = performance.now();
  subject.store = await open(subject.path);
  subject.openMs.push(performance.now() - openedAt);
  await take(subject, 5 * batch, batch);
  const count = Math.ceil(messages / rounds / batch) * batch;
  const before = process.cpuUsage();
  const elapsedMs = await take(subject, count, batch);
  const cpu = process.cpuUsage(before);
  subject.perSecond.push((count / elapsedMs) * 1_000);
  subject.cpuMs.push((cpu.user + cpu.system) / 1_000 / count);
  for (let n = 0; n < 100; n += 1) subject.aloneMs.push(await take(subject, 1, 1));
}

function share(values: readonly number[], at: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length * at)] ?? 0;
}

async function print(subject: Subject): Promise<void> {
  const { answered } = await subject.store.inbox.counts();
  const megabytes = statSync(subject.path).size / 1e6;
  const median = (values: readonly number[]): number => share(values, 0.5);
  console.log(`${subject.name}: ${answered} answered, ${megabytes.toFixed(0)} MB`);
  console.log(`  open                 ${median(subject.openMs).toFixed(1)} ms`);
  console.log(`  messages per second  ${Math.round(median(subject.perSecond))} in batches of ${batch}, ${sessions} sessions`);
  console.log(
    `  CPU per message      ${median(subject.cpuMs).toFixed(3)} ms, best round ${Math.min(...subject.cpuMs).toFixed(3)} ms`,
  );
  console.log(
    `  one alone            p50 ${median(subject.aloneMs).toFixed(2)} ms, p95 ${share(subject.aloneMs, 0.95).toFixed(2)} ms`,
  );
}

const directory = mkdtempSync(join(tmpdir(), 'openclaw-bench-store-'));
try {
  const subjects = [await subjectOf('new database', join(directory, 'new.db'), 1)];
  if (stored > 0) {
    const path = join(directory, 'full.db');
    await (await open(path)).close();
    fill(path, { messages: stored, sessions: 100_000 });
    subjects.push(await subjectOf(`${stored} messages stored before`, path, stored + 1));
  }
  for (let n = 0; n < rounds; n += 1) for (const subject of subjects) await round(subject);
  for (const subject of subjects) {
    await print(subject);
    await subject.store.close();
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
