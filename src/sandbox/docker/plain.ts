/**
 * Owns the slow way, for images without Python: one exec of the engine for each command and each file.
 * The same contract as the supervisor's, with two differences: an exit code above 128 may stand for a signal, and ending one
 * command also ends what others left in the background.
 */
import { randomBytes } from 'node:crypto';
import { AppError } from '../../domain/errors.ts';
import type { ExecRequest, ExecResult, SandboxProcess } from '../../domain/sandbox.ts';
import type { Containers } from './containers.ts';
import { PlainCommand } from './plain-command.ts';
import { fileRefusals, killScript, mainScript, readScript, writeScript } from './plain-scripts.ts';
import type { FileBytes, FileRange, Runner } from './runner.ts';
import { neverBegun, nothingRan } from './supervised.ts';

const scriptTimeoutMs = 60_000;
const fileOverheadBytes = 64;

/** Rejects with AppError `unavailable` when the image has no shell either. */
export async function createPlainRunner(containers: Containers, containerId: string, workdir: string): Promise<Runner> {
  const runner = new PlainRunner(containers, containerId, workdir);
  await runner.findMain();
  return runner;
}

class PlainRunner implements Runner {
  readonly ended: Promise<AppError>;
  readonly #containers: Containers;
  readonly #containerId: string;
  readonly #workdir: string;
  readonly #living = new Set<PlainCommand>();
  readonly #ended = Promise.withResolvers<AppError>();
  #over: AppError | undefined;
  #main = '';
  /** While one command is being ended no other begins: it could not be told from what is to end. */
  #gate: Promise<unknown> = Promise.resolve();

  constructor(containers: Containers, containerId: string, workdir: string) {
    this.#containers = containers;
    this.#containerId = containerId;
    this.#workdir = workdir;
    this.ended = this.#ended.promise;
  }

  async findMain(): Promise<void> {
    const found = await this.#script(mainScript, []);
    this.#main = text(found.stdout).trim();
    if (found.exitCode === 0 && /^\d+$/.test(this.#main)) return;
    const said = `${text(found.stdout)} ${text(found.stderr)}`.trim().slice(0, 300);
    throw new AppError('unavailable', `No command can be run in this sandbox: ${said}`, { hint: 'Use an image that has sh.' });
  }

  async exec(request: ExecRequest): Promise<ExecResult> {
    if (request.signal?.aborted) return nothingRan();
    await this.#gate;
    return (await this.#begin(request, false)).result;
  }

  async start(request: ExecRequest): Promise<SandboxProcess> {
    if (request.signal?.aborted) return neverBegun();
    await this.#gate;
    const command = await this.#begin(request, true);
    await command.started;
    return command;
  }

  async readFile(path: string, range: FileRange): Promise<FileBytes> {
    const wanted = [this.#absolute(path), `${range.offset + 1}`, `${range.maxBytes}`];
    await this.#gate;
    const found = this.#fileResult(
      await this.#script(readScript, wanted, { maxOutputBytes: range.maxBytes + fileOverheadBytes }),
    );
    const newline = found.indexOf(10);
    return { bytes: found.subarray(newline + 1), totalBytes: Number(text(found.subarray(0, newline))) };
  }

  async writeFile(path: string, bytes: Uint8Array): Promise<void> {
    await this.#gate;
    const result = await this.#script(writeScript, [this.#absolute(path), `${bytes.length}`], { stdin: bytes });
    this.#fileResult(result);
  }

  end(error: AppError): void {
    if (this.#over) return;
    this.#over = error;
    for (const command of this.#living) command.lost(error);
    this.#ended.resolve(error);
  }

  #absolute(path: string): string {
    return path.startsWith('/') ? path : `${this.#workdir}/${path}`;
  }

  #fileResult(result: ExecResult): Buffer {
    if (result.exitCode === 0) return Buffer.from(result.stdout);
    const full = /no space|quota/i.test(text(result.stderr));
    const code = full ? 'limit' : (fileRefusals[result.exitCode ?? 0] ?? 'unavailable');
    throw new AppError(code, `The sandbox refused: ${text(result.stderr).trim().slice(0, 300) || code}.`);
  }

  async #script(script: string, args: readonly string[], more: Partial<ExecRequest> = {}): Promise<ExecResult> {
    const command = { argv: ['sh', '-c', script, 'sh', ...args] };
    return (await this.#begin({ command, timeoutMs: scriptTimeoutMs, maxOutputBytes: 4096, cwd: '/', ...more }, false)).result;
  }

  async #begin(request: ExecRequest, openInput: boolean): Promise<PlainCommand> {
    if (this.#over) throw this.#over;
    const command = new PlainCommand(request, {
      containers: this.#containers,
      containerId: this.#containerId,
      workdir: this.#workdir,
      mark: randomBytes(12).toString('hex'),
      openInput,
      endAllBut: (victim) => this.#endAllBut(victim),
      disobeyed: () => this.end(new AppError('unavailable', 'The sandbox did not end a command, and was ended itself.')),
    });
    this.#living.add(command);
    command.result.then(
      () => this.#living.delete(command),
      () => this.#living.delete(command),
    );
    await command.run();
    return command;
  }

  #endAllBut(victim: PlainCommand): Promise<void> {
    const ending = this.#gate.then(async () => {
      const others = [...this.#living].filter((command) => command !== victim);
      await Promise.allSettled(others.map((command) => command.started));
      const spared = others.flatMap((command) => command.processId ?? []);
      const result = await this.#script(killScript, [this.#main, ...spared]);
      if (result.exitCode !== 0) throw new AppError('unavailable', 'Something in the sandbox did not end.');
    });
    this.#gate = ending.catch(() => {});
    return ending;
  }
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
