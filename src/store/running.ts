/**
 * The turns that run, remembered so that each step of a turn needs no look-up: as many as run at once.
 * What is not remembered (after a restart, an undone write, another process's write) is read again.
 */
import { AppError } from '../domain/errors.ts';
import type { Fence } from './fence.ts';
import type { Database, Statement } from './sqlite.ts';

export interface RunningTurn {
  id: number;
  session: number;
  conversation: number;
  key: string;
  traceId: string;
  /** Ids of its messages, oldest first. */
  messages: number[];
}

interface Row {
  session: number;
  conversation: number;
  key: string;
  trace_id: string;
  messages: string;
}

export class RunningTurns {
  readonly #turns = new Map<number, RunningTurn>();
  readonly #fence: Fence;
  readonly #find: Statement;

  constructor(database: Database, fence: Fence) {
    this.#fence = fence;
    this.#find = database.statement(
      `SELECT turns.session AS session, turns.conversation AS conversation, key, trace_id, messages
       FROM turns JOIN sessions ON sessions.number = turns.session WHERE turns.id = ? AND turns.state = 'running'`,
    );
  }

  /** For a write to it. AppError `not_found` unless the turn runs; `unavailable` when it lost an entry. */
  get(id: number): RunningTurn {
    this.#fence.touch(id);
    const known = this.#turns.get(id) ?? this.#read(id);
    if (known) return known;
    throw new AppError('not_found', 'There is no such running turn.');
  }

  #read(id: number): RunningTurn | undefined {
    const row = this.#find.get<Row>(id);
    if (!row) return undefined;
    const { session, conversation, key, trace_id: traceId } = row;
    return this.remember({ id, session, conversation, key, traceId, messages: JSON.parse(row.messages) as number[] });
  }

  remember(turn: RunningTurn): RunningTurn {
    this.#turns.set(turn.id, turn);
    return turn;
  }

  ended(id: number): void {
    this.#turns.delete(id);
  }

  forget(): void {
    this.#turns.clear();
  }
}
