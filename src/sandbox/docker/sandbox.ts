/**
 * Owns a scope's view of its container. Must never acquire another one by itself: a command is not run twice.
 */
import type { Clock } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import type { ExecRequest, ExecResult, Sandbox, SandboxListing, SandboxProcess, SandboxSpec } from '../../domain/sandbox.ts';
import type { Container } from './container.ts';
import { refusePath, refuseRequest } from './request.ts';
import type { FileBytes, FileRange } from './runner.ts';
import { scratchDir } from './spec-to-container.ts';

export interface Assignment {
  scopeKey: string;
  spec: SandboxSpec;
  container: Container;
  clock: Clock;
}

export class DockerSandbox implements Sandbox {
  readonly name: string;
  readonly workdir: string;
  readonly access: SandboxSpec['access'];
  readonly scratchDir = scratchDir;
  readonly #assignment: Assignment;
  #lastUsedAtMs: number;

  constructor(assignment: Assignment) {
    this.#assignment = assignment;
    this.name = assignment.container.name;
    this.workdir = assignment.spec.workdir;
    this.access = assignment.spec.access;
    this.#lastUsedAtMs = assignment.clock.now();
  }

  async exec(request: ExecRequest): Promise<ExecResult> {
    refuseRequest(request);
    this.#used();
    return this.#assignment.container.runner.exec(request);
  }

  async start(request: ExecRequest): Promise<SandboxProcess> {
    refuseRequest(request);
    this.#used();
    return this.#assignment.container.runner.start(request);
  }

  async readFile(path: string, range: FileRange): Promise<FileBytes> {
    refusePath(path);
    if (![range.offset, range.maxBytes].every((number) => Number.isSafeInteger(number) && number >= 0)) {
      throw new AppError('invalid', 'The range of a file must be whole numbers, not negative.');
    }
    this.#used();
    return this.#assignment.container.runner.readFile(path, range);
  }

  async writeFile(path: string, bytes: Uint8Array): Promise<void> {
    refusePath(path);
    this.#used();
    await this.#assignment.container.runner.writeFile(path, bytes);
  }

  destroy(): Promise<void> {
    return this.#assignment.container.remove();
  }

  /** What this run knows of it, beyond what the engine does. */
  facts(): Pick<SandboxListing, 'scopeKey' | 'createdAtMs' | 'lastUsedAtMs'> {
    const { scopeKey, container } = this.#assignment;
    return { scopeKey, createdAtMs: container.createdAtMs, lastUsedAtMs: this.#lastUsedAtMs };
  }

  #used(): void {
    this.#lastUsedAtMs = this.#assignment.clock.now();
  }
}
