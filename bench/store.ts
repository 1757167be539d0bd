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
const { receive } = createLoad({ sessions, history: values.history });

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
