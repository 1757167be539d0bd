/** Owns one host process: its pipes, its time, its end with all children. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../domain/errors.ts';
import type { ExecRequest, ExecResult } from '../../domain/sandbox.ts';
import { CapturedOutput } from '../captured-output.ts';
import { markedProcesses, markName, signalTree } from './process-tree.ts';

const killGraceMs = 2000;
/** How long output may still come when the command has ended but a child of it holds the pipes. */
const lingerMs = 500;
const checkMs = 50;
/** A timer holds no more. */
const longestTimerMs = 2_147_483_647;

export interface HostPlace {
  cwd: string;
  environment: Readonly<Record<string, string>>;
  /** Unique to the command; found in the environment of all its children. */
  mark: string;
}

type End = Pick<ExecResult, 'exitCode' | 'signal'>;

export class HostCommand {
  readonly result: Promise<ExecResult>;
  readonly #result = Promise.withResolvers<ExecResult>();
  readonly #child: ChildProcess;
  readonly #mark: string;
  readonly #output: CapturedOutput;
  readonly #deadline: NodeJS.Timeout;
  readonly #abortSignal: AbortSignal | undefined;
  readonly #onAbort = (): void => void this.kill('SIGKILL');
  #timedOut = false;
  #killing: Promise<void> | undefined;

  /** Rejects with AppError `not_found` when there is no such working directory. */
  static async start(request: ExecRequest, place: HostPlace): Promise<HostCommand> {
    const found = await stat(place.cwd).catch(() => undefined);
    if (!found?.isDirectory())
      throw new AppError('not_found', `There is no directory ${place.cwd}.`, { hint: 'Make it first, or leave it out.' });
    return new HostCommand(request, place);
  }

  private constructor(request: ExecRequest, { cwd, environment, mark }: HostPlace) {
    this.result = this.#result.promise;
    // Who started it may never look.
    this.result.catch(() => {});
    this.#mark = mark;
    this.#output = new CapturedOutput(request);
    const [file = '', ...args] = 'argv' in request.command ? request.command.argv : ['/bin/sh', '-c', request.command.shell];
    this.#child = spawn(file, args, {
      cwd,
      env: { ...environment, ...request.env, [markName]: mark },
      // A group of its own, so that it can be ended as one.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#listen(file);
    this.#deadline = setTimeout(() => this.#timeOut(), Math.min(request.timeoutMs, longestTimerMs));
    this.#abortSignal = request.signal;
    this.#abortSignal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get stdin(): Writable {
    return this.#child.stdin as Writable;
  }

  /** Ends it with all its children. TERM leaves them a grace first. */
  kill(first: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#killing ??= this.#killTree(first);
    return this.#killing;
  }

  /** The sandbox is gone: whatever it did, its result is no longer told. */
  abandon(error: AppError): void {
    this.#clear();
    this.#result.reject(error);
  }

  #listen(file: string): void {
    const child = this.#child;
    child.stdout?.on('data', (bytes: Uint8Array) => this.#output.add('stdout', bytes));
    child.stderr?.on('data', (bytes: Uint8Array) => this.#output.add('stderr', bytes));
    // A command that does not read its input is no error.
    child.stdin?.on('error', () => {});
    child.on('error', (error: NodeJS.ErrnoException) => this.#failedToStart(file, error));
    child.on('exit', (exitCode, signal) => void this.#ended(exitCode === null ? { signal: signal ?? 'SIGKILL' } : { exitCode }));
  }

  #failedToStart(file: string, error: NodeJS.ErrnoException): void {
    // As a shell says it.
    const exitCode = error.code === 'ENOENT' ? 127 : 126;
    this.#output.add('stderr', Buffer.from(`${file}: ${exitCode === 127 ? 'not found' : (error.code ?? error.message)}\n`));
    this.#finish({ exitCode });
  }

  async #ended(end: End): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    await Promise.race([closed, delay(lingerMs, undefined, { ref: false })]);
    // A child that lives on keeps its pipe; nobody reads what it writes from here on.
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    await this.#killing;
    this.#finish(this.#killing && end.exitCode !== undefined ? { signal: 'SIGTERM' } : end);
  }

  #finish(end: End): void {
    this.#clear();
    this.#result.resolve({ ...end, timedOut: this.#timedOut, ...this.#output.result() });
  }

  #timeOut(): void {
    this.#timedOut = true;
    void this.kill('SIGKILL');
  }

  async #killTree(first: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#signal(first);
    if (first === 'SIGTERM' && (await this.#endsWithin(killGraceMs))) return;
    // Twice: a process may be started between the look and the signal.
    await this.#signal('SIGKILL');
    await this.#signal('SIGKILL');
  }

  #signal(signal: NodeJS.Signals): Promise<void> {
    // The number of a process that has ended may be somebody else's by now.
    return signalTree(this.#hasExited() ? undefined : this.#child.pid, this.#mark, signal);
  }

  async #endsWithin(graceMs: number): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < graceMs; waitedMs += checkMs) {
      if (this.#hasExited() && (await markedProcesses(this.#mark)).length === 0) return true;
      await delay(checkMs);
    }
    return false;
  }

  #hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #clear(): void {
    clearTimeout(this.#deadline);
    this.#abortSignal?.removeEventListener('abort', this.#onAbort);
  }
}
