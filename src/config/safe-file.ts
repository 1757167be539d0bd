/**
 * Reads files that must not be somebody else's work. The checks are made on the opened file, so that it cannot be swapped in between.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '../domain/errors.ts';

interface SafeFile {
  text: string;
  /** What the owner should know, one sentence each. */
  warnings: string[];
}

interface FileRules {
  maxBytes: number;
  /** `refuse`: readable by other users is an error (a file that is nothing but a secret). */
  readableByOthers: 'warn' | 'refuse';
}

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * Undefined when there is no such file. AppError `denied` when somebody else could have written it, `limit` when it is too large,
 * `invalid` when it is not a regular file or not UTF-8, `unavailable` when it cannot be read.
 */
export function readSafeFile(path: string, rules: FileRules): SafeFile | undefined {
  const descriptor = openFile(path);
  if (descriptor === undefined) return undefined;
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new AppError('invalid', `${path} is not a regular file`, { hint: 'Put a file there.' });
    if (stats.size > rules.maxBytes) {
      throw new AppError('limit', `${path} is larger than ${Math.ceil(rules.maxBytes / 1024)} KiB`, {
        hint: 'Look whether it is the right file.',
      });
    }
    refuseForeignWriters(path, stats);
    const warnings = notesOn(path, stats, rules);
    return { text: decode(path, readWhole(descriptor, rules.maxBytes)), warnings };
  } finally {
    closeSync(descriptor);
  }
}

function openFile(path: string): number | undefined {
  try {
    // Not blocking: a FIFO in the file's place must not hold up the start.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new AppError(code === 'EACCES' ? 'denied' : 'unavailable', `${path} cannot be read (${code ?? 'unknown error'})`, {
      hint: code === 'EACCES' ? `Run the command as the user that owns it, or with sudo.` : 'Look at the file system.',
      cause,
    });
  }
}

/** Anyone who may write the file, or replace it in its directory, would decide what the gateway does. */
function refuseForeignWriters(path: string, stats: Stats): void {
  if (stats.mode & WRITABLE_BY_OTHERS) {
    throw new AppError('denied', `${path} can be written by other users (mode ${octal(stats)})`, { hint: `chmod 600 ${path}` });
  }
  const directory = dirname(path);
  const parent = statSync(directory);
  if (parent.mode & 0o002 && !(parent.mode & STICKY)) {
    throw new AppError('denied', `${directory} can be written by everybody (mode ${octal(parent)})`, {
      hint: `chmod 700 ${directory}`,
    });
  }
}

function notesOn(path: string, stats: Stats, rules: FileRules): string[] {
  const warnings: string[] = [];
  if (stats.mode & 0o004) {
    if (rules.readableByOthers === 'refuse') {
      throw new AppError('denied', `${path} can be read by everybody (mode ${octal(stats)})`, { hint: `chmod 600 ${path}` });
    }
    warnings.push(`${path} can be read by everybody (mode ${octal(stats)}): chmod 600 ${path}`);
  }
  if (lstatSync(path).isSymbolicLink()) warnings.push(`${path} is a symbolic link`);
  const me = process.geteuid?.();
  if (me !== undefined && stats.uid !== me && stats.uid !== 0) {
    warnings.push(`${path} belongs to another user (uid ${stats.uid}), who can change it`);
  }
  return warnings;
}

function readWhole(descriptor: number, maxBytes: number): Buffer {
  const buffer = Buffer.alloc(maxBytes + 1);
  let length = 0;
  for (;;) {
    const read = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (read === 0 || (length += read) === buffer.length) return buffer.subarray(0, Math.min(length, maxBytes));
  }
}

function decode(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new AppError('invalid', `${path} is not UTF-8 text`, { hint: 'Save it as UTF-8.', cause });
  }
}

function octal(stats: Stats): string {
  return (stats.mode & 0o7777).toString(8).padStart(4, '0');
}
