/**
 * Writes the configuration file: whole, atomically, durably, and readable by its owner only. It never leaves a copy behind:
 * old copies keep old secrets.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../domain/errors.ts';

/**
 * Throws AppError `conflict` when the file is no longer `before` (undefined: when there is one), `denied` without the right to write,
 * `unavailable` when the disk refuses.
 */
export function writeConfigFile(path: string, before: string | undefined, text: string): void {
  try {
    const target = before === undefined ? path : realpathSync(path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    if (currentText(target) !== before) {
      throw new AppError('conflict', `${path} was changed by somebody else in between`, { hint: 'Run the command again.' });
    }
    replaceFile(target, text, before === undefined ? undefined : statSync(target));
  } catch (error) {
    throw error instanceof AppError ? error : cannotWrite(path, error as NodeJS.ErrnoException);
  }
}

/** A file with nothing in it but a secret: mode 0600, in a directory of mode 0700. Throws as `writeConfigFile` does. */
export function writeSecretFile(path: string, secret: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    replaceFile(path, `${secret}\n`, undefined);
  } catch (error) {
    throw cannotWrite(path, error as NodeJS.ErrnoException);
  }
}

function cannotWrite(path: string, cause: NodeJS.ErrnoException): AppError {
  const denied = cause.code === 'EACCES' || cause.code === 'EPERM' || cause.code === 'EROFS';
  return new AppError(denied ? 'denied' : 'unavailable', `${path} cannot be written (${cause.code ?? cause.message})`, {
    hint: denied ? 'Only its owner may write it: run the same command with sudo.' : 'Look at the disk: df -h',
    cause,
  });
}

function currentText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function replaceFile(target: string, text: string, old: Stats | undefined): void {
  sweepLeftovers(target);
  const draft = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.draft`);
  const descriptor = openSync(draft, 'wx', 0o600);
  try {
    // The mode of open() is cut by the umask; this one is not.
    fchmodSync(descriptor, modeOf(old));
    if (old && (old.uid !== process.geteuid?.() || old.gid !== process.getegid?.())) fchownSync(descriptor, old.uid, old.gid);
    writeSync(descriptor, text);
    fsyncSync(descriptor);
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  syncDirectory(dirname(target));
}

/** 0600; but a file that root keeps for a service to read stays readable for the service's group. */
function modeOf(old: Stats | undefined): number {
  const keptByRoot = old?.uid === 0 && old.gid !== 0 && (old.mode & 0o777) === 0o640;
  return keptByRoot ? 0o640 : 0o600;
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Drafts of a writer that died: they hold secrets. One that is being written is younger than a minute. */
function sweepLeftovers(target: string): void {
  const directory = dirname(target);
  const names = readdirSync(directory).filter((name) => name.startsWith(`.${basename(target)}.`) && name.endsWith('.draft'));
  for (const name of names) {
    const path = join(directory, name);
    if (Date.now() - statSync(path).mtimeMs > 60_000) rmSync(path, { force: true });
  }
}
