/** A first look at the database's pages, without making, migrating or locking anything. The thorough one is `Store.check`. */
import { statSync } from 'node:fs';
import { messageOf } from '../domain/errors.ts';
import { loadSqlite, storeError } from './sqlite.ts';

/** Reading more than this would take longer than a quick look may: then only the head and the schema are read. */
const QUICK_BYTES = 128 * 1024 * 1024;

/** Problems, none for a database that is whole; undefined where there is none. Must not throw for what a damaged file does. */
export function quickCheck(path: string): string[] | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) return undefined;
  if (size === 0) return ['the file is empty'];
  const { DatabaseSync } = loadSqlite();
  try {
    const connection = new DatabaseSync(path, { readOnly: true, timeout: 1_000 });
    try {
      if (size > QUICK_BYTES) connection.prepare('SELECT count(*) AS n FROM sqlite_schema').get();
      const rows = size > QUICK_BYTES ? [] : connection.prepare('PRAGMA quick_check(3)').all();
      return rows.map(({ quick_check: line }) => String(line)).filter((line) => line !== 'ok');
    } finally {
      connection.close();
    }
  } catch (error) {
    return [messageOf(storeError(error, path))];
  }
}
