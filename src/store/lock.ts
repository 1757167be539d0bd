/**
 * One gateway per state directory. The lock is an exclusive transaction on a tiny SQLite file of its own: the kernel releases it with the process,
 * however that ends, and nobody has to guess whether a process id is still the same program.
 *
 * Nothing else may open `gateway.lock` in this process: closing any descriptor of it would drop the lock.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { AppError } from '../domain/errors.ts';
import { preparePrivateFile } from './files.ts';
import { loadSqlite, storeError } from './sqlite.ts';

export interface InstanceLock {
  release(): void;
}

/** Who holds the lock, for the message: the lock itself cannot be read while it is held. */
export interface Holder {
  pid: number;
  startedAt: string;
}

const busy = 5;

/** Throws AppError `conflict` when another process, or this one, holds the state directory. */
export function acquireInstanceLock(stateDir: string, startedAt: Date = new Date()): InstanceLock {
  const connection = tryLock(stateDir);
  if (!connection) throw heldBy(stateDir, lockHolder(stateDir));
  writeHolder(stateDir, { pid: process.pid, startedAt: startedAt.toISOString() });
  return {
    release: () => {
      if (connection.isOpen) connection.close();
    },
  };
}

/** Who holds the state directory now; undefined when nobody does. */
export function lockHolder(stateDir: string): Holder | undefined {
  if (!existsSync(lockPath(stateDir))) return undefined;
  const connection = tryLock(stateDir);
  connection?.close();
  return connection ? undefined : readHolder(stateDir);
}

/** Undefined when it is held. */
function tryLock(stateDir: string): DatabaseSync | undefined {
  const path = lockPath(stateDir);
  preparePrivateFile(path);
  const { DatabaseSync: Connection } = loadSqlite();
  const connection = new Connection(path, { timeout: 0 });
  try {
    connection.exec('BEGIN EXCLUSIVE');
    return connection;
  } catch (error) {
    connection.close();
    if ((error as { errcode?: number }).errcode === busy) return undefined;
    throw storeError(error, path);
  }
}

function lockPath(stateDir: string): string {
  return join(stateDir, 'gateway.lock');
}

function holderPath(stateDir: string): string {
  return join(stateDir, 'gateway.lock.json');
}

function writeHolder(stateDir: string, holder: Holder): void {
  const path = holderPath(stateDir);
  writeFileSync(`${path}.new`, JSON.stringify(holder), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function readHolder(stateDir: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(holderPath(stateDir), 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function heldBy(stateDir: string, holder: Holder | undefined): AppError {
  const who = holder ? `: process ${holder.pid}, since ${holder.startedAt}` : '';
  return new AppError('conflict', `Another gateway runs on ${stateDir}${who}.`, {
    hint: 'Stop it first (openclaw gateway stop), or give this one another state directory.',
  });
}
