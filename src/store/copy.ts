/** A copy of the live database: one snapshot through a connection of its own, while writing goes on. */
import { rmSync } from 'node:fs';
import { AppError } from '../domain/errors.ts';
import { createPrivateFile } from './files.ts';
import { openDatabase, storeError } from './sqlite.ts';

/** The copy is one file: it leaves WAL mode, so that nothing lies beside it. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  if (!createPrivateFile(to)) {
    throw new AppError('conflict', `${to} exists already.`, { hint: 'Name a file that does not exist.' });
  }
  try {
    const source = openDatabase(from);
    await source.backup(to).finally(() => source.close());
    const copy = openDatabase(to);
    copy.exec('PRAGMA journal_mode = DELETE');
    copy.close();
  } catch (error) {
    rmSync(to, { force: true });
    throw storeError(error, to);
  }
}
