/**
 * The store on one SQLite file. It owns the file and everything in it; nobody else opens it except through `openStore`.
 * Several processes may: the gateway, and a command that looks or approves. It never deletes what was received (docs/decisions).
 */
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { Store } from '../domain/store.ts';
import { checkStore } from './check.ts';
import { GroupCommit } from './commit.ts';
import type { StoreContext } from './context.ts';
import { copyDatabase } from './copy.ts';
import { Counters } from './counters.ts';
import { Deliveries } from './deliveries.ts';
import { createFacts } from './facts.ts';
import { Fence } from './fence.ts';
import { preparePrivateFile } from './files.ts';
import { Ids } from './ids.ts';
import { createInbox } from './inbox.ts';
import { Journal } from './journal.ts';
import { migrate } from './migrations.ts';
import { createOutbox } from './outbox.ts';
import { createPairings } from './pairings.ts';
import { RunningTurns } from './running.ts';
import { createSessions } from './sessions.ts';
import { Sources } from './sources.ts';
import { openDatabase } from './sqlite.ts';
import type { Database } from './sqlite.ts';
import { createTurns } from './turns.ts';

export { acquireInstanceLock } from './lock.ts';
export type { InstanceLock } from './lock.ts';

interface StoreOptions {
  /** The database file; it and its directory are made where they are missing. */
  path: string;
  clock: Clock;
  log: Log;
}

/**
 * Opens the database and brings it to this program's version. Rejects with AppError: `denied` (the place cannot be used),
 * `conflict` (a newer program wrote it), `unavailable` (not a database of this program, held, damaged, disk full).
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  preparePrivateFile(options.path);
  const database = openDatabase(options.path);
  try {
    migrate(database);
  } catch (error) {
    database.close();
    throw error;
  }
  return assemble(createContext(database, options));
}

function createContext(database: Database, { clock, log }: StoreOptions): StoreContext {
  const counters = new Counters(database);
  const fence = new Fence();
  const ids = new Ids(database, clock);
  const sources = new Sources(database);
  const journal = new Journal(database, clock);
  const running = new RunningTurns(database, fence);
  const forget = (): void => [sources, journal, running].forEach((part) => part.forget());
  const commit = new GroupCommit({ database, counters, fence, ids, log, forget });
  return { database, commit, counters, fence, ids, sources, journal, running, clock };
}

function assemble(context: StoreContext): Store {
  const { commit, database } = context;
  const deliveries = new Deliveries(context);
  return {
    inbox: createInbox(context, deliveries),
    turns: createTurns(context, deliveries),
    sessions: createSessions(context),
    outbox: createOutbox(context, deliveries),
    pairings: createPairings(context),
    ...createFacts(context),
    durable: () => commit.durable(),
    check: () => commit.read(() => checkStore(context)),
    copyTo: async (path) => {
      commit.flush();
      await commit.durable();
      await copyDatabase(database.path, path);
    },
    close: async () => {
      commit.flush();
      const settled = commit.durable();
      database.close();
      await settled;
    },
  };
}
