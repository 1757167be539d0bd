/** What the repositories share: one connection, one commit, one source of ids and time. */
import type { Clock } from '../domain/clock.ts';
import type { GroupCommit } from './commit.ts';
import type { Counters } from './counters.ts';
import type { Fence } from './fence.ts';
import type { Ids } from './ids.ts';
import type { Journal } from './journal.ts';
import type { RunningTurns } from './running.ts';
import type { Sources } from './sources.ts';
import type { Database } from './sqlite.ts';

export interface StoreContext {
  database: Database;
  commit: GroupCommit;
  counters: Counters;
  fence: Fence;
  ids: Ids;
  sources: Sources;
  journal: Journal;
  running: RunningTurns;
  clock: Clock;
}
