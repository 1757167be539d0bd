/**
 * The one place that loads `node:sqlite`: opening with the pragmas that every connection needs, statements that are prepared
 * when they are first used, and SQLite's errors in the house's words. It knows no table.
 */
import type * as Sqlite from 'node:sqlite';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { AppError } from '../domain/errors.ts';

type Value = SQLInputValue;

/** Node 22 prints an ExperimentalWarning when the module loads; it says nothing that an operator can act on. */
export function loadSqlite(): typeof Sqlite {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] !== 'ExperimentalWarning') Reflect.apply(emitWarning, process, [warning, ...rest]);
  }) as typeof emitWarning;
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** A statement that is prepared at its first use and kept. */
export class Statement {
  readonly #connection: DatabaseSync;
  readonly #sql: string;
  #prepared: StatementSync | undefined;

  constructor(connection: DatabaseSync, sql: string) {
    this.#connection = connection;
    this.#sql = sql;
  }

  get #statement(): StatementSync {
    return (this.#prepared ??= this.#connection.prepare(this.#sql));
  }

  /** How many rows changed. */
  run(...values: Value[]): number {
    return Number(this.#statement.run(...values).changes);
  }

  get<Row>(...values: Value[]): Row | undefined {
    return this.#statement.get(...values) as Row | undefined;
  }

  all<Row>(...values: Value[]): Row[] {
    return this.#statement.all(...values) as Row[];
  }
}

export class Database {
  readonly path: string;
  readonly #connection: DatabaseSync;

  constructor(path: string, connection: DatabaseSync) {
    this.path = path;
    this.#connection = connection;
  }

  statement(sql: string): Statement {
    return new Statement(this.#connection, sql);
  }

  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  get inTransaction(): boolean {
    return this.#connection.isOpen && this.#connection.isTransaction;
  }

  close(): void {
    if (this.#connection.isOpen) this.#connection.close();
  }

  /** The whole database as one snapshot, copied on a thread of its own. Must be called on a connection that nobody writes with. */
  async backup(target: string): Promise<void> {
    await loadSqlite().backup(this.#connection, target, { rate: 0x7f_ff_ff_ff });
  }
}

/** How long a connection waits for another process's short write. */
const busyTimeoutMs = 5_000;

/**
 * `synchronous=FULL`: a commit is on the disk itself when it returns. The write-ahead log is copied back every 4,000 pages (16 MB), and kept at no more
 * than 64 MB after a long reader. 8 MB of pages are cached at most.
 */
const pragmas = `
  PRAGMA synchronous = FULL;
  PRAGMA foreign_keys = ON;
  PRAGMA trusted_schema = OFF;
  PRAGMA temp_store = MEMORY;
  PRAGMA cache_size = -8000;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA journal_size_limit = 67108864;
`;

export function openDatabase(path: string, options: { timeoutMs?: number } = {}): Database {
  const { DatabaseSync } = loadSqlite();
  let connection: DatabaseSync | undefined;
  try {
    connection = new DatabaseSync(path, { timeout: options.timeoutMs ?? busyTimeoutMs });
    connection.exec(pragmas);
    return new Database(path, connection);
  } catch (error) {
    connection?.close();
    throw storeError(error, path);
  }
}

/** SQLite's primary result codes: https://www.sqlite.org/rescode.html */
const expected: Record<number, (path: string) => [message: string, hint: string]> = {
  5: () => ['The database is held by another program.', 'Try again; end whatever keeps the database open for long.'],
  6: () => ['The database is held by another program.', 'Try again; end whatever keeps the database open for long.'],
  8: (path) => [`The database ${path} cannot be written.`, 'Give its owner the right to write, and run as that owner.'],
  10: (path) => [`The disk under ${path} does not do its work.`, 'Look at the system journal for errors of the disk.'],
  11: (path) => [`The database ${path} is damaged.`, 'Restore the last backup: openclaw backup restore.'],
  13: (path) => [`The disk under ${path} is full.`, 'Free some space; what was not kept comes again.'],
  14: (path) => [
    `The database ${path} cannot be opened.`,
    'Look whether the directory exists and belongs to the user who runs this.',
  ],
  26: (path) => [`${path} is no database of this program.`, 'Move it away, or restore the last backup: openclaw backup restore.'],
};

function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/** An AppError for what can be expected of a disk; anything else, a bug, is given back as it is. */
export function storeError(error: unknown, path: string): unknown {
  if (error instanceof AppError) return error;
  const words = expected[sqliteCode(error) ?? -1];
  if (words) {
    const [message, hint] = words(path);
    return new AppError('unavailable', message, { hint, cause: error });
  }
  // Node's own error for a database or statement that was closed.
  if ((error as { code?: unknown } | null)?.code === 'ERR_INVALID_STATE') {
    return new AppError('unavailable', 'The store is closed.', { hint: 'Start the gateway again.', cause: error });
  }
  return error;
}
