/**
 * Owns running commands and touching files through the supervisor: no process of the engine for either.
 */
import { AppError } from '../../domain/errors.ts';
import type { ExecRequest, ExecResult, SandboxProcess } from '../../domain/sandbox.ts';
import type { HeardKind } from './frames.ts';
import { InputWindow } from './input-window.ts';
import type { Job, Link } from './link.ts';
import { refusedBySandbox, RemoteCommand } from './remote-command.ts';
import type { FileBytes, FileRange, Runner } from './runner.ts';

/** No news of a file for this long means that the sandbox does not answer. */
const fileIdleMs = 20_000;

export function createSupervisedRunner(link: Link, workdir: string): Runner {
  return {
    ended: link.ended,
    end: (error) => link.end(error),
    async exec(request) {
      if (request.signal?.aborted) return nothingRan();
      return new RemoteCommand(link, request, { workdir, openInput: false }).result;
    },
    async start(request: ExecRequest) {
      if (request.signal?.aborted) return neverBegun();
      const command = new RemoteCommand(link, request, { workdir, openInput: true });
      await command.started;
      return command;
    },
    readFile: (path, range) => readFile(link, path, range),
    writeFile: (path, bytes) => writeFile(link, path, bytes),
  };
}

/** What a command that was aborted before it began comes to. */
export function nothingRan(): ExecResult {
  const nothing = new Uint8Array(0);
  return { signal: 'SIGTERM', timedOut: false, stdout: nothing, stderr: nothing, stdoutBytes: 0, stderrBytes: 0 };
}

export function neverBegun(): SandboxProcess {
  const refuse = (): Promise<void> => Promise.reject(new AppError('conflict', 'The command has ended.'));
  return { write: refuse, endInput: refuse, kill: async () => {}, result: Promise.resolve(nothingRan()) };
}

async function readFile(link: Link, path: string, range: FileRange): Promise<FileBytes> {
  const pieces: Buffer[] = [];
  const job = new FileJob(link, (kind, payload) => {
    if (kind === 'd') pieces.push(Buffer.from(payload));
  });
  link.send('R', job.id, JSON.stringify({ path, offset: range.offset, most: range.maxBytes }));
  const { totalBytes } = (await job.done) as { totalBytes: number };
  return { bytes: Buffer.concat(pieces), totalBytes };
}

async function writeFile(link: Link, path: string, bytes: Uint8Array): Promise<void> {
  const job = new FileJob(link, (kind, payload) => {
    if (kind === 'a') input.taken(payload.readUInt32BE(0));
  });
  const input = new InputWindow(link, job.id);
  link.send('W', job.id, JSON.stringify({ path }));
  // When it is refused, `done` says why.
  job.done.catch((error: AppError) => input.fail(error));
  await input.write(bytes);
  await input.end();
  await job.done;
}

class FileJob implements Job {
  readonly id: number;
  readonly done: Promise<unknown>;
  readonly #link: Link;
  readonly #onPiece: (kind: HeardKind, payload: Buffer) => void;
  readonly #settled = Promise.withResolvers<unknown>();
  #watch: NodeJS.Timeout;

  constructor(link: Link, onPiece: (kind: HeardKind, payload: Buffer) => void) {
    this.#link = link;
    this.#onPiece = onPiece;
    this.done = this.#settled.promise;
    this.id = link.open(this);
    this.#watch = this.#patience();
  }

  hear(kind: HeardKind, payload: Buffer): void {
    clearTimeout(this.#watch);
    if (kind === 'k' || kind === 'f') {
      this.#link.close(this.id);
      if (kind === 'k') this.#settled.resolve(JSON.parse(payload.toString('utf8')));
      else this.#settled.reject(refusedBySandbox(payload));
      return;
    }
    this.#watch = this.#patience();
    this.#onPiece(kind, payload);
  }

  lost(error: AppError): void {
    clearTimeout(this.#watch);
    this.#settled.reject(error);
  }

  #patience(): NodeJS.Timeout {
    return setTimeout(
      () => this.#link.end(new AppError('unavailable', 'The sandbox does not answer, and was ended.')),
      fileIdleMs,
    );
  }
}
