/**
 * The way from an older database to this program's. Numbered, forward only, each in one transaction of its own:
 * a process that dies half-way leaves the version before.
 */
import { AppError } from '../domain/errors.ts';
import { version1 } from './schema.ts';
import { storeError } from './sqlite.ts';
import type { Database } from './sqlite.ts';

/** The migration at place n makes version n + 1. */
export const migrations: readonly string[] = [version1];

/** "OCLW": marks the file as a database of this program. */
const applicationId = 0x4f_43_4c_57;

/**
 * Brings the database to the newest version and into WAL mode. AppError `conflict` when it is newer than the program,
 * `unavailable` when it is no database of this program.
 */
export function migrate(database: Database, steps: readonly string[] = migrations): void {
  try {
    while (versionOf(database) !== steps.length) step(database, steps);
    const mode = database.statement('PRAGMA journal_mode').get<{ journal_mode: string }>()?.journal_mode;
    if (mode !== 'wal') database.exec('PRAGMA journal_mode = WAL');
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw storeError(error, database.path);
  }
}

function versionOf(database: Database): number {
  return database.statement('PRAGMA user_version').get<{ user_version: number }>()?.user_version ?? 0;
}

/** Looks again inside the transaction: two processes may start at once, and the second then finds the work done. */
function step(database: Database, steps: readonly string[]): void {
  database.exec('BEGIN IMMEDIATE');
  const version = versionOf(database);
  if (version > steps.length) {
    throw new AppError('conflict', `The database ${database.path} has version ${version}; this program knows ${steps.length}.`, {
      hint: 'A newer version of this program wrote it: run that version, or restore a backup made before the update.',
    });
  }
  if (version === 0) refuseForeign(database);
  const sql = steps[version];
  if (sql !== undefined) {
    database.exec(sql);
    database.exec(`PRAGMA user_version = ${version + 1}; PRAGMA application_id = ${applicationId}`);
  }
  database.exec('COMMIT');
}

function refuseForeign(database: Database): void {
  const id = database.statement('PRAGMA application_id').get<{ application_id: number }>()?.application_id ?? 0;
  const tables = database.statement('SELECT count(*) AS n FROM sqlite_schema').get<{ n: number }>()?.n ?? 0;
  if (id === 0 && tables === 0) return;
  throw new AppError('unavailable', `${database.path} is no database of this program.`, {
    hint: 'Move it away, or restore the last backup: openclaw backup restore.',
  });
}
