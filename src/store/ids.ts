/**
 * Ids: one integer, milliseconds since 1970 times 2,048 plus a count, strictly ascending over every table, process and restart.
 * Outside the store it is text, sortable as text: a letter for the kind, a dash and its sixteen digits.
 */
import type { Clock } from '../domain/clock.ts';
import type { Database, Statement } from './sqlite.ts';

/** Message, turn, session, delivery. */
type IdKind = 'm' | 't' | 's' | 'd';

/** Keeps an id at sixteen digits and a safe integer from 1985 to 2107; a clock that shows another year does not matter. */
const perMillisecond = 2_048;
const least = 1_000_000_000_000_000;
const most = 8_900_000_000_000_000;
const shape = /^[mtsd]-[1-9][0-9]{15}$/;

export function idText(kind: IdKind, id: number): string {
  return `${kind}-${id}`;
}

/** The number behind an id; 0, which no row has, where the text is no id of this kind. */
export function idNumber(kind: IdKind, text: string): number {
  if (!text.startsWith(kind) || !shape.test(text)) return 0;
  const id = Number(text.slice(2));
  return Number.isSafeInteger(id) ? id : 0;
}

export class Ids {
  readonly #clock: Clock;
  readonly #dataVersion: Statement;
  readonly #newest: Statement;
  #last = least;
  #seen = -1;

  constructor(database: Database, clock: Clock) {
    this.#clock = clock;
    this.#dataVersion = database.statement('PRAGMA data_version');
    this.#newest = database.statement(
      `SELECT max(coalesce((SELECT max(id) FROM messages), 0), coalesce((SELECT max(id) FROM turns), 0),
                  coalesce((SELECT max(id) FROM conversations), 0), coalesce((SELECT max(id) FROM deliveries), 0)) AS id`,
    );
  }

  /** When a write transaction has begun: takes note of the ids that another process has given since. True where one has written. */
  refresh(): boolean {
    const seen = this.#dataVersion.get<{ data_version: number }>()?.data_version ?? 0;
    if (seen === this.#seen) return false;
    this.#seen = seen;
    this.#last = Math.max(this.#last, this.#newest.get<{ id: number }>()?.id ?? 0);
    return true;
  }

  /** Only inside a write transaction. A clock that jumps back does not make ids go back. */
  next(): number {
    this.#last = Math.max(this.#last + 1, Math.min(Math.floor(this.#clock.now()) * perMillisecond, most));
    return this.#last;
  }
}
