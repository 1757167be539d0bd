/** Owns the gateway's side of one command in an embedded shell: output, time, stop, result. */
import { AppError } from '../../domain/errors.ts';
import type { ExecRequest, ExecResult } from '../../domain/sandbox.ts';
import { CapturedOutput } from '../captured-output.ts';
import type { Failure, FromShell } from './protocol.ts';

export interface RunningCommandLinks {
  /** Asks the command to stop. */
  stop(): void;
  /** Ends the process with all that runs in it. */
  killProcess(reason: string): void;
}

/** How long the shell may be busy with something else before it takes a request up. */
export const answerMs = 30_000;
/** A command that gives way at all has stopped by then. */
const stopGraceMs = 1000;
/** A timer holds no more. */
const longestTimerMs = 2_147_483_647;

export class RunningCommand {
  readonly begun: Promise<{ takesInput: boolean }>;
  readonly result: Promise<ExecResult>;
  readonly #output: CapturedOutput;
  readonly #begun = Promise.withResolvers<{ takesInput: boolean }>();
  readonly #result = Promise.withResolvers<ExecResult>();
  readonly #links: RunningCommandLinks;
  readonly #request: ExecRequest;
  readonly #stop = (): void => this.stop();
  #deadline: NodeJS.Timeout | undefined;
  #grace: NodeJS.Timeout | undefined;
  #timedOut = false;
  #over = false;

  constructor(request: ExecRequest, links: RunningCommandLinks) {
    this.#request = request;
    this.#links = links;
    this.#output = new CapturedOutput(request);
    this.begun = this.#begun.promise;
    this.result = this.#result.promise;
    // Who started it may never look at either.
    this.begun.catch(() => {});
    this.result.catch(() => {});
    this.#deadline = setTimeout(() => this.#giveUp(), answerMs);
    request.signal?.addEventListener('abort', this.#stop, { once: true });
  }

  stop(): void {
    if (this.#grace) return;
    this.#links.stop();
    this.#grace = setTimeout(() => this.#links.killProcess('a command did not stop when its time was over'), stopGraceMs);
  }

  take(message: FromShell): void {
    if (this.#over) return;
    switch (message.kind) {
      case 'begun':
        clearTimeout(this.#deadline);
        this.#deadline = setTimeout(() => this.#timeOut(), Math.min(this.#request.timeoutMs, longestTimerMs));
        return this.#begun.resolve({ takesInput: message.takesInput });
      case 'output':
        return this.#output.add(message.stream, message.bytes);
      case 'ended':
        return this.#finish(message.exitCode === undefined ? { signal: 'SIGTERM' } : { exitCode: message.exitCode });
      case 'failed':
        return this.fail(errorOf(message.failure));
      default:
    }
  }

  /** A word of the sandbox itself, where the command's own errors are. */
  say(text: string): void {
    this.#output.add('stderr', Buffer.from(text));
  }

  /** The process was killed under it. */
  killed(): void {
    this.#begun.resolve({ takesInput: false });
    this.#finish({ signal: 'SIGKILL' });
  }

  /** The sandbox is gone. */
  fail(error: AppError): void {
    this.#clear();
    this.#begun.reject(error);
    this.#result.reject(error);
  }

  /** It never began, and must not begin when nobody waits for it any more. */
  #giveUp(): void {
    this.#links.stop();
    this.fail(busy());
  }

  #timeOut(): void {
    this.#timedOut = true;
    this.stop();
  }

  #finish(end: { exitCode?: number; signal?: string }): void {
    this.#clear();
    this.#result.resolve({ ...end, timedOut: this.#timedOut, ...this.#output.result() });
  }

  #clear(): void {
    this.#over = true;
    clearTimeout(this.#deadline);
    clearTimeout(this.#grace);
    this.#request.signal?.removeEventListener('abort', this.#stop);
  }
}

export function busy(): AppError {
  return new AppError('limit', 'The embedded shell is busy with another command.', {
    hint: 'End that one first, or try again later.',
  });
}

export function errorOf({ code, message, hint }: Failure): AppError {
  return new AppError(code, message, hint === undefined ? {} : { hint });
}
