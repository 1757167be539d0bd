/** Owns the use of one sandbox: when it was last needed, whether it is needed now, and whether it is dead. It passes every call on. */
import type { Clock } from '../domain/clock.ts';
import { isAppError } from '../domain/errors.ts';
import type { ExecRequest, ExecResult, Sandbox, SandboxProcess, WorkspaceAccess } from '../domain/sandbox.ts';

export class TrackedSandbox implements Sandbox {
  readonly name: string;
  readonly workdir: string;
  readonly access: WorkspaceAccess;
  readonly scratchDir: string;
  readonly #sandbox: Sandbox;
  readonly #clock: Clock;
  readonly #onDead: () => void;
  #inFlight = 0;
  #usedAt: number;
  #usedAtMs: number;

  /** `onDead`: a call found it gone. It may be told more than once. */
  constructor(sandbox: Sandbox, clock: Clock, onDead: () => void) {
    this.#sandbox = sandbox;
    this.#clock = clock;
    this.#onDead = onDead;
    this.name = sandbox.name;
    this.workdir = sandbox.workdir;
    this.access = sandbox.access;
    this.scratchDir = sandbox.scratchDir;
    this.#usedAt = clock.monotonic();
    this.#usedAtMs = clock.now();
  }

  get busy(): boolean {
    return this.#inFlight > 0;
  }

  /** Since its last use ended; 0 while it is used. */
  get idleMs(): number {
    return this.busy ? 0 : this.#clock.monotonic() - this.#usedAt;
  }

  /** Wall clock. */
  get lastUsedAtMs(): number {
    return this.#usedAtMs;
  }

  exec(request: ExecRequest): Promise<ExecResult> {
    return this.#use(this.#sandbox.exec(request));
  }

  async start(request: ExecRequest): Promise<SandboxProcess> {
    const running = await this.#use(this.#sandbox.start(request));
    // It counts as used until the command ends, also in the background.
    this.#use(running.result).catch(() => {});
    return running;
  }

  readFile(path: string, range: { offset: number; maxBytes: number }): Promise<{ bytes: Uint8Array; totalBytes: number }> {
    return this.#use(this.#sandbox.readFile(path, range));
  }

  writeFile(path: string, bytes: Uint8Array): Promise<void> {
    return this.#use(this.#sandbox.writeFile(path, bytes));
  }

  destroy(): Promise<void> {
    return this.#sandbox.destroy();
  }

  async #use<T>(work: Promise<T>): Promise<T> {
    this.#inFlight += 1;
    this.#touch();
    try {
      return await work;
    } catch (error) {
      if (isAppError(error, 'unavailable')) this.#onDead();
      throw error;
    } finally {
      this.#inFlight -= 1;
      this.#touch();
    }
  }

  #touch(): void {
    this.#usedAt = this.#clock.monotonic();
    this.#usedAtMs = this.#clock.now();
  }
}
