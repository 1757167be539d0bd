/**
 * What the store keeps in memory: after each quarter of many handled messages, and with as many waiting.
 *
 *   node bench/store-memory.ts [--messages 100000]
 *
 * Prints what is alive in the heap after a collection, how large the heap is, and what is resident in all.
 * How large the heap becomes is V8's choice.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../src/domain/clock.ts';
import { silentLog } from '../src/domain/log.ts';
import { openStore } from '../src/store/index.ts';
import { createLoad } from './store-load.ts';

const { values } = parseArgs({ options: { messages: { type: 'string', default: '100000' } } });
const messages = Number(values.messages);
const batch = 100;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function print(what: string): void {
  collect();
  const { heapUsed, heapTotal, rss } = process.memoryUsage();
  const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  console.log(`${what.padEnd(20)} alive ${mega(heapUsed)}, heap ${mega(heapTotal)}, resident ${mega(rss)}`);
}

const directory = mkdtempSync(join(tmpdir(), 'openclaw-bench-store-'));
try {
  const store = await openStore({ path: join(directory, 'openclaw.db'), clock: systemClock, log: silentLog });
  const { receive, wait } = createLoad({ sessions: 1_000, history: true });
  print('open');
  let next = 1;
  for (let quarter = 1; quarter <= 4; quarter += 1) {
    for (; next <= (messages / 4) * quarter; next += batch) await receive(store, next, batch);
    print(`${next - 1} handled`);
  }
  for (let waiting = 0; waiting < messages; waiting += batch) await wait(store, next + waiting, batch);
  print(`${messages} waiting`);
  await store.close();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
