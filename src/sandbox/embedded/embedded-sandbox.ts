/**
 * Owns one embedded sandbox: a shell that is interpreted in a process of its own, started at the first call and again after it
 * was killed. Must never run anything of the host.
 */
import { AppError } from '../../domain/errors.ts';
import type { ExecRequest, ExecResult, Sandbox, SandboxProcess, SandboxSpec, WorkspaceAccess } from '../../domain/sandbox.ts';
import { checkExecRequest, checkText } from '../exec-request.ts';
import type { FromShell, RunMessage, ToShell } from './protocol.ts';
import { answerMs, busy, errorOf, RunningCommand } from './running-command.ts';
import { ShellProcess } from './shell-process.ts';

/** Somebody who waits for the shell. */
interface Waiting {
  take(message: FromShell): void;
  /** The process was killed. */
  killed(reason: string): void;
  fail(error: AppError): void;
}

type FileMessage = Extract<ToShell, { kind: 'read' | 'write' }>;
type FileAnswer = Extract<FromShell, { kind: 'content' | 'written' }>;

const megabyte = 1_048_576;
/** The interpreter itself needs about 90 MB. */
const leastMemoryBytes = 192 * megabyte;

export class EmbeddedSandbox implements Sandbox {
  readonly name = 'embedded';
  readonly workdir: string;
  readonly access: WorkspaceAccess;
  readonly scratchDir = '/tmp';
  readonly #spec: SandboxSpec;
  readonly #onDestroy: () => void;
  readonly #waiting = new Map<number, Waiting>();
  #process: ShellProcess | undefined;
  #destroyed = false;
  #lastId = 0;
  /** What the next command must say first. */
  #notice = '';

  constructor(spec: SandboxSpec, onDestroy: () => void) {
    this.#spec = spec;
    this.#onDestroy = onDestroy;
    this.workdir = spec.workdir;
    this.access = spec.access;
  }

  async exec(request: ExecRequest): Promise<ExecResult> {
    const { command } = await this.#begin(request, false);
    return command.result;
  }

  async start(request: ExecRequest): Promise<SandboxProcess> {
    const { id, command, takesInput } = await this.#begin(request, true);
    return {
      result: command.result,
      write: async (bytes) => {
        if (!takesInput) throw noInput();
        this.#process?.send({ kind: 'input', id, bytes });
      },
      endInput: async () => this.#process?.send({ kind: 'end-input', id }),
      kill: async () => {
        if (this.#waiting.has(id)) command.stop();
        await command.result.catch(() => {});
      },
    };
  }

  async readFile(path: string, range: { offset: number; maxBytes: number }): Promise<{ bytes: Uint8Array; totalBytes: number }> {
    checkText(path);
    const answer = await this.#askForFile({ kind: 'read', id: this.#nextId(), path, ...range });
    return answer.kind === 'content'
      ? { bytes: answer.bytes, totalBytes: answer.totalBytes }
      : { bytes: new Uint8Array(), totalBytes: 0 };
  }

  async writeFile(path: string, bytes: Uint8Array): Promise<void> {
    checkText(path);
    await this.#askForFile({ kind: 'write', id: this.#nextId(), path, bytes });
  }

  async destroy(): Promise<void> {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#process?.kill('the sandbox was destroyed');
    for (const waiting of this.#waiting.values()) waiting.fail(gone());
    this.#waiting.clear();
    this.#onDestroy();
  }

  async #begin(request: ExecRequest, openInput: boolean): Promise<{ id: number; command: RunningCommand; takesInput: boolean }> {
    checkExecRequest(request);
    const id = this.#nextId();
    const command = new RunningCommand(request, {
      stop: () => this.#process?.send({ kind: 'stop', id }),
      killProcess: (reason) => this.#process?.kill(reason),
    });
    if (request.signal?.aborted) {
      command.killed();
      return { id, command, takesInput: false };
    }
    const waiting: Waiting = {
      take: (message) => command.take(message),
      killed: (reason) => {
        command.say(this.#noticeOf(reason));
        command.killed();
      },
      fail: (error) => command.fail(error),
    };
    this.#ask(runMessage(id, request, openInput), waiting);
    const { takesInput } = await command.begun;
    if (this.#notice) command.say(this.#notice);
    this.#notice = '';
    return { id, command, takesInput };
  }

  #askForFile(message: FileMessage): Promise<FileAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<FileAnswer>();
    const impatience = setTimeout(() => reject(busy()), answerMs);
    this.#ask(message, {
      take: (answer) => {
        if (answer.kind === 'content' || answer.kind === 'written') resolve(answer);
        else if (answer.kind === 'failed') reject(errorOf(answer.failure));
      },
      killed: (reason) =>
        reject(new AppError('unavailable', `The embedded shell was restarted because ${reason}.`, { hint: 'Try again.' })),
      fail: reject,
    });
    return promise.finally(() => clearTimeout(impatience));
  }

  #ask(message: RunMessage | FileMessage, waiting: Waiting): void {
    if (this.#destroyed) return waiting.fail(gone());
    this.#process ??= this.#startProcess();
    this.#waiting.set(message.id, waiting);
    this.#process.setBusy(true);
    this.#process.send(message);
  }

  #take(message: FromShell): void {
    if (message.kind === 'ready') return;
    const waiting = this.#waiting.get(message.id);
    if (message.kind !== 'begun' && message.kind !== 'output') this.#waiting.delete(message.id);
    waiting?.take(message);
    if (this.#waiting.size === 0) this.#process?.setBusy(false);
  }

  #startProcess(): ShellProcess {
    const { workspace, access, workdir, readOnlyRoot, limits } = this.#spec;
    const memoryBytes = Math.max(limits.memoryBytes, leastMemoryBytes);
    const started = new ShellProcess({
      world: {
        workspace,
        access,
        workdir,
        readOnlyRoot,
        scratchDirs: [this.scratchDir, '/var/tmp', '/run'],
        fileBytes: Math.min(limits.scratchBytes, Math.floor(memoryBytes / 4)),
        liveBytes: Math.floor(memoryBytes / 8),
      },
      heapBytes: memoryBytes / 2,
      memoryBytes,
      onMessage: (message) => this.#take(message),
      onEnd: (end) => this.#ended(started, end),
    });
    return started;
  }

  #ended(process: ShellProcess, { ready, reason }: { ready: boolean; reason: string }): void {
    if (this.#process !== process) return;
    this.#process = undefined;
    const left = [...this.#waiting.values()];
    this.#waiting.clear();
    if (ready) {
      for (const waiting of left) waiting.killed(reason);
      this.#notice = this.#noticeOf(reason);
      return;
    }
    const error = new AppError('unavailable', 'The embedded shell could not be started.', {
      hint: 'Look at the log for what it said.',
      cause: new Error(process.lastWords || reason),
    });
    for (const waiting of left) waiting.fail(error);
  }

  #noticeOf(reason: string): string {
    const lost = this.access === 'none' ? `${this.workdir} and ${this.scratchDir}` : this.scratchDir;
    return `openclaw: the shell was restarted because ${reason}; what was in ${lost} is gone.\n`;
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

function runMessage(
  id: number,
  { command, cwd = '.', env = {}, stdin = new Uint8Array() }: ExecRequest,
  openInput: boolean,
): RunMessage {
  return { kind: 'run', id, command, cwd, env, stdin, openInput };
}

function gone(): AppError {
  return new AppError('unavailable', 'The embedded sandbox is gone.', { hint: 'The next tool call makes a new one.' });
}

function noInput(): AppError {
  return new AppError('invalid', 'This command takes no input while it runs in the embedded sandbox.', {
    hint: 'Start it again with the input in a pipe or a here-document.',
  });
}
