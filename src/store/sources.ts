/** The numbers that stand for an account of a channel in every other table, and the cursor of its poll. */
import type { Database, Statement } from './sqlite.ts';

export interface Source {
  channel: string;
  account: string;
}

export class Sources {
  readonly #select: Statement;
  readonly #insert: Statement;
  readonly #byNumber: Statement;
  readonly #move: Statement;
  readonly #cursor: Statement;
  /** A number never changes, so it may be remembered; there are as many as there are accounts. */
  readonly #numbers = new Map<string, number>();
  readonly #names = new Map<number, Source>();

  constructor(database: Database) {
    this.#select = database.statement('SELECT number FROM sources WHERE channel = ? AND account = ?');
    this.#insert = database.statement('INSERT INTO sources (channel, account) VALUES (?, ?) RETURNING number');
    this.#byNumber = database.statement('SELECT channel, account FROM sources WHERE number = ?');
    this.#move = database.statement('UPDATE sources SET cursor = ? WHERE number = ?');
    this.#cursor = database.statement('SELECT cursor FROM sources WHERE channel = ? AND account = ?');
  }

  /** Undefined where nothing was ever kept of it. */
  find(channel: string, account: string): number | undefined {
    const name = `${channel}\n${account}`;
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const row = this.#select.get<{ number: number }>(channel, account);
    if (row) this.#numbers.set(name, row.number);
    return row?.number;
  }

  /** Only inside a write. */
  numberOf(channel: string, account: string): number {
    const known = this.find(channel, account);
    if (known !== undefined) return known;
    const { number } = this.#insert.get<{ number: number }>(channel, account) as { number: number };
    this.#numbers.set(`${channel}\n${account}`, number);
    return number;
  }

  nameOf(number: number): Source {
    let source = this.#names.get(number);
    if (!source) {
      source = this.#byNumber.get<Source>(number) as Source;
      this.#names.set(number, source);
    }
    return source;
  }

  cursor(channel: string, account: string): string | undefined {
    return this.#cursor.get<{ cursor: string | null }>(channel, account)?.cursor ?? undefined;
  }

  moveCursor(number: number, cursor: string): void {
    this.#move.run(cursor, number);
  }

  /** A write that may have made a number was undone. */
  forget(): void {
    this.#numbers.clear();
    this.#names.clear();
  }
}
