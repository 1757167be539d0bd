/**
 * One gateway per state directory. The lock is an exclusive transaction on a tiny SQLite file of its own: the kernel releases it with the process,
 * however that ends, and nobody has to guess whether a process id is still the same program.
 *
 * Nothing else may open `gateway.lock` in this process: closing any descriptor of it would drop the lock.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../domain/errors.ts';
import { preparePrivateFile } from './files.ts';
import { loadSqlite, storeError } from './sqlite.ts';

export interface InstanceLock {
  release(): void;
}

/** Who holds the lock, for the message: the lock itself cannot be read while it is held. */
interface Holder {
  pid: number;
  startedAt: string;
}

const busy = 5;

/** Throws AppError `conflict` when another process, or this one, holds the state directory. */
export function acquireInstanceLock(stateDir: string, startedAt: Date = new Date()): InstanceLock {
  const path = join(stateDir, 'gateway.lock');
  preparePrivateFile(path);
  const { DatabaseSync } = loadSqlite();
  const connection = new DatabaseSync(path, { timeout: 0 });
  try {
    connection.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    connection.close();
    const code = (error as { errcode?: number }).errcode;
    throw code === busy ? heldBy(stateDir, error) : storeError(error, path);
  }
  writeHolder(stateDir, { pid: process.pid, startedAt: startedAt.toISOString() });
  return {
    release: () => {
      if (connection.isOpen) connection.close();
    },
  };
}

function holderPath(stateDir: string): string {
  return join(stateDir, 'gateway.lock.json');
}

function writeHolder(stateDir: string, holder: Holder): void {
  const path = holderPath(stateDir);
  writeFileSync(`${path}.new`, JSON.stringify(holder), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function heldBy(stateDir: string, cause: unknown): AppError {
  const hint = 'Stop it first (openclaw gateway stop), or give this one another state directory.';
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(holderPath(stateDir), 'utf8')) as Holder;
    return new AppError('conflict', `Another gateway runs on ${stateDir}: process ${pid}, since ${startedAt}.`, { hint, cause });
  } catch {
    return new AppError('conflict', `Another gateway runs on ${stateDir}.`, { hint, cause });
  }
}
