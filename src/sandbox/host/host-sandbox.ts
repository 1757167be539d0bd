/** Owns one scope's place on the host: its commands, its files, its scratch directory. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import type { ExecRequest, ExecResult, Sandbox, SandboxProcess } from '../../domain/sandbox.ts';
import { checkExecRequest, checkText } from '../exec-request.ts';
import { HostCommand } from './host-command.ts';
import { signalTree } from './process-tree.ts';

export interface HostSandboxOptions {
  /** Absolute. */
  workspace: string;
  /** Ours alone; removed at the end. */
  scratchDir: string;
  environment: Readonly<Record<string, string>>;
  onDestroy(): void;
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'not_found',
  ENOTDIR: 'not_found',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOSPC: 'limit',
  EDQUOT: 'limit',
  EFBIG: 'limit',
};

export class HostSandbox implements Sandbox {
  readonly name = 'host';
  readonly access = 'rw';
  readonly workdir: string;
  readonly scratchDir: string;
  readonly #options: HostSandboxOptions;
  readonly #mark = randomBytes(9).toString('base64url');
  readonly #running = new Set<HostCommand>();
  #started = 0;
  #destroyed = false;

  constructor(options: HostSandboxOptions) {
    this.#options = options;
    this.workdir = options.workspace;
    this.scratchDir = options.scratchDir;
  }

  async exec(request: ExecRequest): Promise<ExecResult> {
    this.#check(request);
    if (request.signal?.aborted) return nothingRan();
    const command = await this.#begin(request);
    command.stdin.end(request.stdin);
    return command.result;
  }

  async start(request: ExecRequest): Promise<SandboxProcess> {
    this.#check(request);
    if (request.signal?.aborted) return endedProcess();
    const command = await this.#begin(request);
    if (request.stdin) command.stdin.write(request.stdin);
    return {
      result: command.result,
      write: (bytes) => written(command, bytes),
      endInput: async () => void command.stdin.end(),
      kill: async () => {
        if (this.#running.has(command)) await command.kill('SIGTERM');
        await command.result.catch(() => {});
      },
    };
  }

  async readFile(
    path: string,
    { offset, maxBytes }: { offset: number; maxBytes: number },
  ): Promise<{ bytes: Uint8Array; totalBytes: number }> {
    const file = this.#inside(path);
    return asAppError(path, async () => {
      // Looked at first: opening a pipe without a writer would wait for ever.
      const { size } = await regularFile(file, path);
      const handle = await open(file);
      try {
        const wanted = Math.max(0, Math.min(maxBytes, size - offset));
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(wanted), 0, wanted, offset);
        return { bytes: buffer.subarray(0, bytesRead), totalBytes: size };
      } finally {
        await handle.close();
      }
    });
  }

  async writeFile(path: string, bytes: Uint8Array): Promise<void> {
    const named = this.#inside(path);
    await asAppError(path, async () => {
      // A link is followed: its target is replaced, not the link.
      const file = await realpath(named).catch(() => named);
      const before = await regularFile(file, path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      await mkdir(dirname(file), { recursive: true });
      // A reader sees the old file or the new one, never a part.
      const part = join(dirname(file), `.openclaw-${randomBytes(6).toString('hex')}.part`);
      try {
        await writeFile(part, bytes, { flag: 'wx' });
        if (before) await chmod(part, before.mode & 0o777);
        await rename(part, file);
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
    });
  }

  async destroy(): Promise<void> {
    if (this.#destroyed) return;
    this.#destroyed = true;
    const error = gone();
    for (const command of this.#running) command.abandon(error);
    await Promise.all([...this.#running].map((command) => command.kill('SIGKILL')));
    // What commands that have ended left behind.
    await signalTree(undefined, `${this.#mark}/`, 'SIGKILL');
    await rm(this.scratchDir, { recursive: true, force: true }).catch(() => {});
    this.#options.onDestroy();
  }

  #check(request: ExecRequest): void {
    checkExecRequest(request);
    if (this.#destroyed) throw gone();
  }

  async #begin(request: ExecRequest): Promise<HostCommand> {
    this.#started += 1;
    const command = await HostCommand.start(request, {
      cwd: this.#inside(request.cwd ?? '.'),
      environment: { ...this.#options.environment, TERM: 'dumb', TMPDIR: this.scratchDir },
      mark: `${this.#mark}/${this.#started}/`,
    });
    this.#running.add(command);
    const forget = (): void => void this.#running.delete(command);
    command.result.then(forget, forget);
    // Destroyed while the directory was looked at.
    if (this.#destroyed) {
      command.abandon(gone());
      await command.kill('SIGKILL');
    }
    return command;
  }

  #inside(path: string): string {
    checkText(path);
    if (this.#destroyed) throw gone();
    return resolve(this.workdir, path);
  }
}

async function regularFile(file: string, path: string): Promise<{ size: number; mode: number }> {
  const found = await stat(file);
  if (found.isFile()) return found;
  throw new AppError('invalid', `${path} is ${found.isDirectory() ? 'a directory' : 'not a regular file'}.`, {
    hint: 'Give the path of a file.',
  });
}

async function asAppError<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new AppError('not_found', `${path} does not exist.`, { cause: error });
    throw new AppError(CODES[code] ?? 'invalid', `${path}: ${code || 'failed'}.`, { cause: error });
  }
}

function written(command: HostCommand, bytes: Uint8Array): Promise<void> {
  return new Promise((done, reject) => {
    command.stdin.write(bytes, (error) => {
      if (error)
        reject(
          new AppError('invalid', 'The command takes no more input.', {
            hint: 'It has closed its input or ended.',
            cause: error,
          }),
        );
      else done();
    });
  });
}

function nothingRan(): ExecResult {
  return {
    signal: 'SIGKILL',
    timedOut: false,
    stdout: new Uint8Array(),
    stderr: new Uint8Array(),
    stdoutBytes: 0,
    stderrBytes: 0,
  };
}

function endedProcess(): SandboxProcess {
  return { write: async () => {}, endInput: async () => {}, kill: async () => {}, result: Promise.resolve(nothingRan()) };
}

function gone(): AppError {
  return new AppError('unavailable', 'The session on the host has ended.', { hint: 'The next tool call makes a new one.' });
}
