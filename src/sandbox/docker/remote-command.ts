/**
 * Owns the gateway's side of one command that the supervisor runs. Must never hold more input in flight than the window,
 * and must never wait for a supervisor that does not answer: then the sandbox ends instead.
 */
import { AppError } from '../../domain/errors.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import type { ExecRequest, ExecResult, SandboxProcess } from '../../domain/sandbox.ts';
import type { HeardKind } from './frames.ts';
import { InputWindow } from './input-window.ts';
import type { Job, Link } from './link.ts';
import { CommandOutput } from './output.ts';
import { longestTimerMs, overdueMs } from './runner.ts';

const streamed = 1;
const withInput = 2;

export interface RemoteOptions {
  workdir: string;
  /** The input comes later, by `write`. */
  openInput: boolean;
}

interface Exit {
  exitCode?: number;
  signal?: string;
  timedOut: boolean;
  stdoutBytes: number;
  stderrBytes: number;
}

export class RemoteCommand implements Job, SandboxProcess {
  readonly result: Promise<ExecResult>;
  /** Resolves when the program runs or has run; rejects when it could not be started. */
  readonly started: Promise<void>;
  readonly #link: Link;
  readonly #request: ExecRequest;
  readonly #output: CommandOutput;
  readonly #input: InputWindow;
  readonly #id: number;
  #watch: NodeJS.Timeout;
  #over = false;
  #killed = false;
  readonly #running = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<ExecResult>();
  readonly #abort = (): void => void this.kill();

  /** Throws AppError `unavailable` when the link has ended. */
  constructor(link: Link, request: ExecRequest, options: RemoteOptions) {
    this.#link = link;
    this.#request = request;
    this.#output = new CommandOutput(request);
    this.result = this.#done.promise;
    this.started = this.#running.promise;
    // Whoever wants to know awaits them; nobody has to.
    this.result.catch(() => {});
    this.started.catch(() => {});
    this.#id = link.open(this);
    this.#input = new InputWindow(link, this.#id);
    link.send('S', this.#id, startPayload(request, options));
    if (request.stdin !== undefined) void this.#feed(request.stdin, options.openInput);
    this.#watch = this.#overdueIn(request.timeoutMs + overdueMs);
    request.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#over) throw ended();
    await this.#input.write(bytes);
  }

  async endInput(): Promise<void> {
    await this.#input.end();
  }

  async kill(): Promise<void> {
    if (this.#over) return;
    this.#killed = true;
    this.#link.send('K', this.#id);
    clearTimeout(this.#watch);
    this.#watch = this.#overdueIn(overdueMs);
    await this.result.catch(() => {});
  }

  hear(kind: HeardKind, payload: Buffer): void {
    if (kind === 'o') this.#output.add('stdout', payload);
    else if (kind === 'e') this.#output.add('stderr', payload);
    else if (kind === 'a') this.#input.taken(payload.readUInt32BE(0));
    else if (kind === 's') this.#running.resolve();
    else if (kind === 'x') this.#finish(JSON.parse(payload.toString('utf8')) as Exit);
    else if (kind === 'f') this.lost(refusedBySandbox(payload));
  }

  lost(error: AppError): void {
    this.#close();
    this.#running.reject(error);
    this.#done.reject(error);
  }

  #finish(exit: Exit): void {
    this.#close();
    const { stdoutBytes, stderrBytes, ...end } = exit;
    this.#running.resolve();
    this.#done.resolve(this.#output.result(end, { stdoutBytes, stderrBytes }));
  }

  #close(): void {
    this.#over = true;
    clearTimeout(this.#watch);
    this.#request.signal?.removeEventListener('abort', this.#abort);
    this.#input.fail(ended());
    this.#link.close(this.#id);
  }

  async #feed(stdin: Uint8Array, staysOpen: boolean): Promise<void> {
    try {
      await this.#input.write(stdin);
      if (!staysOpen) await this.#input.end();
    } catch {
      // The command ended without reading it all, as `head` does.
    }
  }

  #overdueIn(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => this.#giveUp(), Math.min(milliseconds, longestTimerMs));
  }

  /** The supervisor did not end it. What came so far is the result, and the sandbox, which does not obey, ends. */
  #giveUp(): void {
    this.#close();
    this.#running.resolve();
    this.#done.resolve(this.#output.result({ signal: 'SIGKILL', timedOut: !this.#killed }));
    this.#link.end(new AppError('unavailable', 'The sandbox did not end a command, and was ended itself.'));
  }
}

export function refusedBySandbox(payload: Buffer): AppError {
  const { code, message } = JSON.parse(payload.toString('utf8')) as { code: ErrorCode; message: string };
  return new AppError(code, `The sandbox refused: ${message}.`);
}

function ended(): AppError {
  return new AppError('conflict', 'The command has ended.');
}

function startPayload(request: ExecRequest, options: RemoteOptions): Buffer {
  const head = Buffer.alloc(9);
  head.writeUInt32BE(Math.min(Math.ceil(request.timeoutMs), 0xffff_ffff), 0);
  head.writeUInt32BE(Math.min(Math.floor(request.maxOutputBytes), 0xffff_ffff), 4);
  head.writeUInt8((request.onOutput ? streamed : 0) | (request.stdin !== undefined || options.openInput ? withInput : 0), 8);
  const cwd = request.cwd?.startsWith('/') ? request.cwd : `${options.workdir}/${request.cwd ?? ''}`;
  const body = { ...request.command, cwd, env: request.env ?? {}, announce: options.openInput };
  return Buffer.concat([head, Buffer.from(JSON.stringify(body))]);
}
