/**
 * Owns the process of one embedded shell: start, messages, memory, end. A process of its own and not a thread, because a
 * thread's heap limit does not hold: V8 ends the whole process when one large allocation goes past it.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import type { FromShell, ShellWorld, ToShell } from './protocol.ts';
import { workerArguments } from './worker-process.ts';

export interface ShellProcessOptions {
  world: ShellWorld;
  /** Of the JavaScript heap. */
  heapBytes: number;
  /** Of the whole process; watched where /proc tells it. */
  memoryBytes: number;
  onMessage(message: FromShell): void;
  /** Once; `ready` says whether it ever worked, `reason` why it ended, as the rest of "it was ended because …". */
  onEnd(end: { ready: boolean; reason: string }): void;
}

const memoryCheckMs = 200;
const keptErrorBytes = 2000;

export class ShellProcess {
  readonly #options: ShellProcessOptions;
  readonly #child: ChildProcess;
  #ready = false;
  #reason: string | undefined;
  #lastWords = '';
  #memoryCheck: NodeJS.Timeout | undefined;

  constructor(options: ShellProcessOptions) {
    this.#options = options;
    const { workspace, access } = options.world;
    this.#child = spawn(process.execPath, workerArguments({ workspace, access, heapBytes: options.heapBytes }), {
      cwd: '/',
      env: {},
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.on('message', (message: FromShell) => this.#take(message));
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('exit', () => this.#end('it ran out of memory or failed'));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-keptErrorBytes);
    });
    this.#preferAsVictim();
    this.send({ kind: 'open', world: options.world });
  }

  /** What it last wrote on its standard error, for the operator. */
  get lastWords(): string {
    return this.#lastWords;
  }

  send(message: ToShell): void {
    // A channel that is gone is told by `onEnd`.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** While commands run the memory of the process is watched, and the gateway stays alive for it. */
  setBusy(busy: boolean): void {
    if (busy) {
      this.#child.ref();
      this.#child.channel?.ref();
      this.#memoryCheck ??= setInterval(() => void this.#checkMemory(), memoryCheckMs).unref();
      return;
    }
    this.#child.unref();
    this.#child.channel?.unref();
    clearInterval(this.#memoryCheck);
    this.#memoryCheck = undefined;
  }

  kill(reason: string): void {
    this.#reason ??= reason;
    this.#child.kill('SIGKILL');
  }

  #take(message: FromShell): void {
    if (message.kind === 'ready') this.#ready = true;
    else this.#options.onMessage(message);
  }

  #end(reason: string): void {
    this.setBusy(false);
    this.#options.onEnd({ ready: this.#ready, reason: this.#reason ?? reason });
  }

  async #checkMemory(): Promise<void> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8').catch(() => '');
    const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    if (kilobytes * 1024 > this.#options.memoryBytes) this.kill('it used more memory than it may');
  }

  /** When the host itself runs out of memory, the kernel takes the shell and not the gateway. */
  #preferAsVictim(): void {
    if (this.#child.pid !== undefined) void writeFile(`/proc/${this.#child.pid}/oom_score_adj`, '900').catch(() => {});
  }
}
