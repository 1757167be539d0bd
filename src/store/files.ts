/**
 * Makes the database's file and directory readable by their owner only, before anything is in them.
 * It never opens a file that exists: closing any descriptor of it would drop SQLite's locks in this process.
 */
import { chmodSync, closeSync, fchmodSync, lstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError, messageOf } from '../domain/errors.ts';

/** Throws AppError `denied` where the place cannot be used. */
export function preparePrivateFile(path: string): void {
  try {
    makePrivateDirectory(dirname(path));
    if (createPrivateFile(path)) return;
    const { mode } = lstatSync(path);
    if ((mode & 0o077) !== 0) chmodSync(path, 0o600);
  } catch (error) {
    throw new AppError('denied', `${path} cannot be used: ${messageOf(error)}`, {
      hint: 'Its directory must belong to the user who runs this.',
      cause: error,
    });
  }
}

/** Only what is made here gets a mode: the directory may be one that others share. */
function makePrivateDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first !== undefined) chmodSync(path, 0o700);
}

/** False where it exists. */
export function createPrivateFile(path: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    fchmodSync(descriptor, 0o600);
  } finally {
    closeSync(descriptor);
  }
  return true;
}
