/**
 * The machine that is changed: its files below a root, and the programs that run on it.
 * The only place in the program that runs commands on the host. With a root other than `/` nothing is executed.
 */
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import {
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  rmdir,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createHash, randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../domain/errors.ts';

export interface CommandResult {
  /** The exit code; 127 when the program does not exist, 124 when it took too long. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  input?: string;
  /** Milliseconds; default one minute. */
  timeoutMs?: number;
  env?: Record<string, string>;
}

/** What lies at a path, without following a link. */
export interface FileState {
  kind: 'file' | 'directory' | 'symlink' | 'other';
  mode: number;
  uid: number;
  gid: number;
  /** Of a symlink. */
  target?: string;
}

export interface Ownership {
  mode: number;
  uid: number;
  gid: number;
}

export interface Machine {
  /** `/`, or the tree that is written into. */
  readonly root: string;
  /** False: nothing may be executed, nothing can be observed but files. */
  readonly live: boolean;
  /** Program and arguments, never a shell string. Does not throw for a failing program; throws when `live` is false. */
  run(file: string, args: readonly string[], options?: RunOptions): Promise<CommandResult>;
  state(path: string): Promise<FileState | undefined>;
  /** Undefined when there is no such regular file. Never follows a link at `path`. */
  read(path: string): Promise<Buffer | undefined>;
  /** Atomic and durable: a reader sees the old or the new file, with its final owner and mode. */
  write(path: string, content: Buffer | string, ownership: Ownership): Promise<void>;
  makeDirectory(path: string, ownership: Ownership): Promise<void>;
  setOwnership(path: string, ownership: Ownership): Promise<void>;
  link(path: string, target: string): Promise<void>;
  /** A file or link; a missing one is fine. */
  remove(path: string): Promise<void>;
  /** Only an empty directory; false when it is not empty or not there. */
  removeDirectory(path: string): Promise<boolean>;
  /** A directory with all that is in it; a missing one is fine. Only for folders that hold nothing but ours. */
  removeTree(path: string): Promise<void>;
  /** Names in a directory, sorted; none when there is no such directory. */
  list(path: string): Promise<string[]>;
  /** Adds to the end of a file that only root can read, and returns when it is on disk. Makes the file, not its directory. */
  append(path: string, text: string): Promise<void>;
  /** SHA-256 of a regular file, in hex; undefined when there is none. Never follows a link at `path`. */
  digest(path: string): Promise<string | undefined>;
  /** Like `write`, from a file that may be large. `source` is a path of the machine itself, not of the tree. */
  copy(source: string, path: string, ownership: Ownership): Promise<void>;
}

const SAFE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const MOST_OUTPUT_BYTES = 16 * 1_048_576;

export function createMachine(root = '/'): Machine {
  return { ...filesBelow(root), root, live: root === '/', run: root === '/' ? runProgram : refuseToRun };
}

const refuseToRun: Machine['run'] = (file) =>
  Promise.reject(new AppError('denied', `Nothing is executed while writing into a tree (asked to run ${file}).`));

const runProgram: Machine['run'] = (file, args, options = {}) =>
  new Promise((resolve) => {
    const child = execFile(
      file,
      [...args],
      {
        env: { PATH: SAFE_PATH, LANG: 'C.UTF-8', HOME: '/root', DEBIAN_FRONTEND: 'noninteractive', ...options.env },
        timeout: options.timeoutMs ?? 60_000,
        killSignal: 'SIGKILL',
        maxBuffer: MOST_OUTPUT_BYTES,
      },
      (error, stdout, stderr) => resolve({ code: codeOf(error), stdout, stderr: error && !stderr ? error.message : stderr }),
    );
    // A program that does not read its input ends the pipe early; its exit code says what matters.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });

function codeOf(error: (Error & { code?: unknown; killed?: boolean }) | null): number {
  if (!error) return 0;
  if (error.killed) return 124;
  if (error.code === 'ENOENT') return 127;
  return typeof error.code === 'number' ? error.code : 1;
}

function filesBelow(root: string): Omit<Machine, 'root' | 'live' | 'run'> {
  const real = (path: string): string => join(root, path);
  return {
    async state(path) {
      const found = await lstat(real(path)).catch(missing);
      if (!found) return undefined;
      const owned = { mode: found.mode & 0o7777, uid: found.uid, gid: found.gid };
      if (found.isSymbolicLink()) return { kind: 'symlink', ...owned, target: await readlink(real(path)) };
      if (found.isDirectory()) return { kind: 'directory', ...owned };
      return { kind: found.isFile() ? 'file' : 'other', ...owned };
    },
    async read(path) {
      const found = await lstat(real(path)).catch(missing);
      return found?.isFile() ? readFile(real(path)) : undefined;
    },
    write: (path, content, ownership) => writeAtomically(real(path), content, ownership),
    async makeDirectory(path, ownership) {
      await mkdir(real(path), { mode: 0o700 }).catch(existing);
      await own(real(path), ownership);
    },
    setOwnership: (path, ownership) => own(real(path), ownership),
    async link(path, target) {
      const temporary = `${real(path)}.${randomBytes(6).toString('hex')}.new`;
      await symlink(target, temporary);
      await rename(temporary, real(path));
    },
    remove: (path) => rm(real(path), { force: true }),
    removeDirectory: (path) =>
      rmdir(real(path)).then(
        () => true,
        () => false,
      ),
    removeTree: (path) => rm(real(path), { recursive: true, force: true }),
    list: async (path) => ((await readdir(real(path)).catch(missing)) ?? []).toSorted(),
    append: (path, text) => appendDurably(real(path), text),
    async digest(path) {
      const found = await lstat(real(path)).catch(missing);
      if (!found?.isFile()) return undefined;
      const hash = createHash('sha256');
      await pipeline(createReadStream(real(path), { highWaterMark: 1_048_576 }), hash);
      return hash.digest('hex');
    },
    copy: (source, path, ownership) => replace(real(path), ownership, (temporary) => copyFile(source, temporary)),
  };
}

function existing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

async function appendDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'a', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    throw diskError(error, path);
  } finally {
    await file.close();
  }
}

function missing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}

async function own(path: string, { mode, uid, gid }: Ownership): Promise<void> {
  await chown(path, uid, gid);
  await chmod(path, mode);
}

function writeAtomically(path: string, content: Buffer | string, ownership: Ownership): Promise<void> {
  return replace(path, ownership, (temporary) => writeFile(temporary, content, { mode: 0o600, flag: 'wx' }));
}

/** Fills a new file beside `path`, gives it its owner and mode, and puts it in the place of the old one. */
async function replace(path: string, ownership: Ownership, fill: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    await fill(temporary);
    const file = await open(temporary, 'r+');
    try {
      await file.chown(ownership.uid, ownership.gid);
      await file.chmod(ownership.mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw diskError(error, path);
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function diskError(error: unknown, path: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') return error;
  return new AppError('unavailable', `The disk is full: ${path} was not written and is as it was.`, {
    hint: 'Free some space (df -h), then run the same command again: it goes on where it stopped.',
    cause: error,
  });
}
