/**
 * Group commit: the first write of an event-loop turn begins a transaction, all writes of that turn join it, and it is committed
 * when the loop has done its callbacks. One flush to the disk carries them all.
 *
 * A verb runs whole, synchronously, in a savepoint: one that throws takes only itself back. A commit that fails takes the whole turn's
 * writes back, in memory as on disk.
 */
import { AppError, messageOf } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import type { Counters } from './counters.ts';
import type { Fence } from './fence.ts';
import type { Ids } from './ids.ts';
import { storeError } from './sqlite.ts';
import type { Database } from './sqlite.ts';

interface CommitParts {
  database: Database;
  counters: Counters;
  fence: Fence;
  ids: Ids;
  log: Log;
  /** Forgets what was remembered of rows that may be gone or changed. */
  forget(): void;
}

export class GroupCommit {
  readonly #parts: CommitParts;
  readonly #begin;
  readonly #commit;
  readonly #rollback;
  readonly #savepoint;
  readonly #release;
  readonly #rollbackTo;
  #open = false;
  #scheduled = false;
  /** Why this event-loop turn's writes are gone. */
  #lost: unknown;
  #settled: PromiseWithResolvers<void> | undefined;
  /** What happened in the world: told with the open commit, and to be told again after a lost one. */
  #told: (() => void)[] = [];
  #untold: (() => void)[] = [];

  constructor(parts: CommitParts) {
    this.#parts = parts;
    const { database } = parts;
    this.#begin = database.statement('BEGIN IMMEDIATE');
    this.#commit = database.statement('COMMIT');
    this.#rollback = database.statement('ROLLBACK');
    this.#savepoint = database.statement('SAVEPOINT verb');
    this.#release = database.statement('RELEASE verb');
    this.#rollbackTo = database.statement('ROLLBACK TO verb');
  }

  /** A verb that only looks. */
  read<T>(work: () => T): Promise<T> {
    try {
      return Promise.resolve(work());
    } catch (error) {
      return this.#rejection(error);
    }
  }

  /** As `read`, where rows are remembered: first takes note of what another process wrote. */
  readRemembered<T>(work: () => T): Promise<T> {
    return this.read(() => {
      if (!this.#open && this.#parts.ids.refresh()) this.#parts.forget();
      return work();
    });
  }

  /** A verb that changes something: all of `work` or nothing. */
  write<T>(work: () => T): Promise<T> {
    try {
      this.#join();
      return Promise.resolve(this.#attempt(work));
    } catch (error) {
      return this.#rejection(error);
    }
  }

  /** Writes down what happened outside. Where that is lost with its commit, it is written again with the next: it stays true. */
  record(work: () => void): Promise<void> {
    const done = this.write(work);
    if (this.#open) this.#told.push(work);
    else this.#untold.push(work);
    return done;
  }

  /** Resolves when everything written so far is on the disk. */
  durable(): Promise<void> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    if (!this.#open) return Promise.resolve();
    this.#settled ??= Promise.withResolvers<void>();
    return this.#settled.promise;
  }

  /** Commits at once what is open. */
  flush(): void {
    if (!this.#open) return;
    const { counters, fence } = this.#parts;
    try {
      counters.write();
      this.#commit.run();
    } catch (error) {
      this.#lose(error);
      return;
    }
    this.#open = false;
    this.#told = [];
    counters.clear();
    fence.committed();
    this.#settled?.resolve();
    this.#settled = undefined;
  }

  #rejection(error: unknown): Promise<never> {
    return Promise.reject(storeError(error, this.#parts.database.path));
  }

  #join(): void {
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#open) return;
    this.#begin.run();
    this.#open = true;
    this.#schedule();
    try {
      if (this.#parts.ids.refresh()) this.#parts.forget();
    } catch (error) {
      this.#lose(error);
    }
    this.#retell();
    if (this.#lost !== undefined) throw this.#lost;
  }

  /** After the callbacks of this turn of the loop, before it waits for the next event. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
      this.#lost = undefined;
    });
  }

  #attempt<T>(work: () => T): T {
    const { counters } = this.#parts;
    this.#savepoint.run();
    counters.mark();
    try {
      const result = work();
      this.#release.run();
      return result;
    } catch (error) {
      counters.restore();
      this.#undo(error);
      throw error;
    }
  }

  /** SQLite ends the whole transaction itself when the disk is full or fails: then everybody's writes of this turn are gone. */
  #undo(cause: unknown): void {
    this.#parts.forget();
    if (this.#parts.database.inTransaction) {
      this.#rollbackTo.run();
      this.#release.run();
    } else {
      this.#lose(cause);
    }
  }

  #lose(cause: unknown): void {
    const { database, counters, fence, log } = this.#parts;
    const error = storeError(cause, database.path);
    if (database.inTransaction) this.#rollback.run();
    this.#open = false;
    this.#untold.push(...this.#told.splice(0));
    counters.clear();
    fence.lost();
    this.#parts.forget();
    log.error({ error: messageOf(cause) }, 'what was written in this moment could not be kept');
    this.#lost = error instanceof AppError ? error : lostBy(error);
    this.#settled?.reject(this.#lost);
    this.#settled = undefined;
  }

  #retell(): void {
    if (this.#untold.length === 0) return;
    const untold = this.#untold;
    this.#untold = [];
    for (const work of untold) {
      if (!this.#open) this.#untold.push(work);
      else this.#retellOne(work);
    }
  }

  #retellOne(work: () => void): void {
    try {
      this.#attempt(work);
      this.#told.push(work);
    } catch (error) {
      if (!this.#open) this.#untold.push(work);
      else this.#parts.log.warn({ error: messageOf(error) }, 'what happened to a delivery cannot be told again');
    }
  }
}

function lostBy(cause: unknown): AppError {
  return new AppError('unavailable', 'What was written could not be kept.', { hint: 'Look at the log for the cause.', cause });
}
