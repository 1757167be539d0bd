/**
 * Owns one command that runs as an exec of its own. Must never take what the command prints for our own mark:
 * the mark is random, comes first, and is looked for once.
 */
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../domain/errors.ts';
import type { ExecRequest, ExecResult, SandboxProcess } from '../../domain/sandbox.ts';
import type { Containers } from './containers.ts';
import { createDemultiplexer } from './demultiplex.ts';
import { CommandOutput } from './output.ts';
import { runScript } from './plain-scripts.ts';
import { longestTimerMs, overdueMs } from './runner.ts';

export interface PlainOptions {
  containers: Containers;
  containerId: string;
  workdir: string;
  mark: string;
  openInput: boolean;
  /** Ends everything in the container but the other commands. */
  endAllBut(command: PlainCommand): Promise<void>;
  /** It could not be ended. */
  disobeyed(): void;
}

export class PlainCommand implements SandboxProcess {
  readonly result: Promise<ExecResult>;
  /** Resolves when the program runs or has run. */
  readonly started: Promise<void>;
  /** Inside the container, once it is known. */
  processId: string | undefined;
  readonly #request: ExecRequest;
  readonly #options: PlainOptions;
  readonly #output: CommandOutput;
  readonly #done = Promise.withResolvers<ExecResult>();
  readonly #running = Promise.withResolvers<void>();
  #socket: Socket | undefined;
  #execId = '';
  #marked = false;
  #head = Buffer.alloc(0);
  #over = false;
  #ending: 'time' | 'kill' | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #abort = (): void => void this.kill();

  constructor(request: ExecRequest, options: PlainOptions) {
    this.#request = request;
    this.#options = options;
    this.#output = new CommandOutput(request);
    this.result = this.#done.promise;
    this.started = this.#running.promise;
    this.result.catch(() => {});
    this.started.catch(() => {});
  }

  async run(): Promise<void> {
    const { stdin, signal } = this.#request;
    const { openInput } = this.#options;
    const socket = await this.#attach();
    this.#timer = setTimeout(() => void this.#endIt('time'), Math.min(this.#request.timeoutMs, longestTimerMs));
    signal?.addEventListener('abort', this.#abort, { once: true });
    if (signal?.aborted) this.#abort();
    if (stdin !== undefined) socket.write(stdin);
    if (!openInput && stdin !== undefined) socket.end();
  }

  async #attach(): Promise<Socket> {
    const { containers, containerId, workdir, mark, openInput } = this.#options;
    const { command, cwd = '', env = {}, stdin } = this.#request;
    const program = 'argv' in command ? command.argv : ['sh', '-c', command.shell];
    const directory = cwd.startsWith('/') ? cwd : `${workdir}/${cwd}`.replace(/\/$/, '');
    try {
      const { execId, socket } = await containers.attach(containerId, {
        command: ['sh', '-c', runScript, 'sh', mark, directory, ...program],
        workdir: '/',
        input: openInput || stdin !== undefined,
        env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      });
      this.#execId = execId;
      this.#socket = socket;
      this.#listen(socket);
      return socket;
    } catch (error) {
      this.lost(error as AppError);
      throw error;
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    const socket = this.#socket;
    if (this.#over || !socket) return Promise.reject(new AppError('conflict', 'The command has ended.'));
    return new Promise((resolve) => socket.write(bytes, () => resolve()));
  }

  async endInput(): Promise<void> {
    this.#socket?.end();
  }

  async kill(): Promise<void> {
    await this.#endIt('kill');
    await this.result.catch(() => {});
  }

  lost(error: AppError): void {
    this.#close();
    this.#running.reject(error);
    this.#done.reject(error);
  }

  #listen(socket: Socket): void {
    const split = createDemultiplexer((stream, bytes) =>
      stream === 'stderr' ? this.#hearError(bytes) : this.#output.add(stream, bytes),
    );
    socket.on('data', split);
    socket.on('error', () => {});
    socket.on('close', () => void this.#closed());
    socket.on('end', () => socket.destroy());
  }

  /** The first line is ours: the process id, or that the directory is not there. */
  #hearError(bytes: Buffer): void {
    if (this.#marked) return this.#output.add('stderr', bytes);
    this.#head = Buffer.concat([this.#head, bytes]);
    const newline = this.#head.indexOf(10);
    if (newline === -1) return;
    this.#marked = true;
    const [mark, word] = this.#head.subarray(0, newline).toString('utf8').split(' ');
    if (mark !== this.#options.mark) this.#output.add('stderr', this.#head);
    else if (word === 'cwd') this.lost(new AppError('not_found', 'The sandbox refused: the working directory is not there.'));
    else this.#begun(word, this.#head.subarray(newline + 1));
  }

  #begun(processId: string | undefined, rest: Buffer): void {
    this.processId = processId;
    this.#running.resolve();
    if (rest.length > 0) this.#output.add('stderr', rest);
  }

  async #closed(): Promise<void> {
    if (this.#over) return;
    try {
      const { containers, containerId } = this.#options;
      const { running, exitCode } = await this.#exit();
      if (this.#ending !== undefined) return this.#finish({ signal: 'SIGTERM', timedOut: this.#ending === 'time' });
      // 137 is also what a command comes to whose container was killed.
      const alive = exitCode !== 137 || (await containers.isRunning(containerId));
      if (running || exitCode === undefined || !alive) throw new AppError('unavailable', 'The sandbox is gone.');
      return this.#finish({ exitCode, timedOut: false });
    } catch (error) {
      return this.lost(
        new AppError('unavailable', 'The sandbox is gone.', { hint: 'The next tool call gets a new one.', cause: error }),
      );
    }
  }

  /** The engine may note the end a little after the stream has ended. */
  async #exit(): Promise<{ running: boolean; exitCode: number | undefined }> {
    const { containers } = this.#options;
    for (let tries = 0; tries < 40; tries += 1) {
      const found = await containers.inspectExec(this.#execId);
      if (!found.running) return found;
      await delay(50);
    }
    return { running: true, exitCode: undefined };
  }

  #finish(end: Pick<ExecResult, 'exitCode' | 'signal' | 'timedOut'>): void {
    this.#close();
    this.#running.resolve();
    this.#done.resolve(this.#output.result(end));
  }

  #close(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#request.signal?.removeEventListener('abort', this.#abort);
    this.#socket?.destroy();
  }

  async #endIt(why: 'time' | 'kill'): Promise<void> {
    if (this.#over || this.#ending !== undefined) return;
    this.#ending = why;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#disobeyed(), overdueMs);
    // With everything in it ended, the stream of the exec ends, and with it the command.
    await this.#options.endAllBut(this).catch(() => this.#disobeyed());
  }

  #disobeyed(): void {
    if (this.#over) return;
    this.#finish({ signal: 'SIGKILL', timedOut: this.#ending === 'time' });
    this.#options.disobeyed();
  }
}
