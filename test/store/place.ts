// A place for a SQLite store: a directory of its own under the system's temporary one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/domain/clock.ts';
import { silentLog } from '../../src/domain/log.ts';
import type { Store } from '../../src/domain/store.ts';
import { openStore } from '../../src/store/index.ts';
import { StillClock } from '../contracts/store-messages.ts';

export interface Place {
  directory: string;
  path: string;
  clock: StillClock;
  open(clock?: Clock): Promise<Store>;
  remove(): Promise<void>;
}

export async function makePlace(): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-store-'));
  const path = join(directory, 'state', 'openclaw.db');
  const clock = new StillClock();
  return {
    directory,
    path,
    clock,
    open: (given = clock) => openStore({ path, clock: given, log: silentLog }),
    remove: async () => rmSync(directory, { recursive: true, force: true }),
  };
}
