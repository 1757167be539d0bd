/**
 * The program of an embedded shell's process: takes messages, runs commands, reads and writes files. It knows nothing of the
 * gateway and ends when the gateway does. The build emits it as a file of its own.
 */
import { posix } from 'node:path';
import { ShellFileSystem } from './file-system.ts';
import { readRange, writeWhole } from './files.ts';
import { failureOf, ShellFailure } from './failure.ts';
import type { FromShell, RunMessage, ShellWorld, ToShell } from './protocol.ts';
import { furnish, run } from './run.ts';
import { takesInput } from './takes-input.ts';

interface RunningCommand {
  controller: AbortController;
  input: Uint8Array[];
  endInput(): void;
}

class Shell {
  readonly #world: ShellWorld;
  readonly #files: ShellFileSystem;
  readonly #running = new Map<number, RunningCommand>();

  constructor(world: ShellWorld) {
    this.#world = world;
    this.#files = new ShellFileSystem(world, furnish);
  }

  async take(message: Exclude<ToShell, { kind: 'open' }>): Promise<void> {
    switch (message.kind) {
      case 'run':
        return this.#run(message);
      case 'input':
        this.#running.get(message.id)?.input.push(message.bytes);
        return;
      case 'end-input':
        return this.#running.get(message.id)?.endInput();
      case 'stop':
        return this.#running.get(message.id)?.controller.abort();
      case 'read': {
        const { id, offset, maxBytes } = message;
        return send({ kind: 'content', id, ...(await readRange(this.#files, this.#inside(message.path), { offset, maxBytes })) });
      }
      case 'write':
        await writeWhole(this.#files, this.#inside(message.path), message.bytes);
        return send({ kind: 'written', id: message.id });
    }
  }

  async #run(message: RunMessage): Promise<void> {
    const { id } = message;
    const inputEnd = Promise.withResolvers<void>();
    const running = { controller: new AbortController(), input: [message.stdin], endInput: inputEnd.resolve };
    const { signal } = running.controller;
    signal.addEventListener('abort', () => inputEnd.resolve(), { once: true });
    // Before anything is waited for: it may be stopped from now on.
    this.#running.set(id, running);
    try {
      const cwd = await this.#directory(message.cwd);
      const waits = message.openInput && takesInput(message.command);
      send({ kind: 'begun', id, takesInput: waits });
      if (waits) await inputEnd.promise;
      const stdin = Buffer.concat(running.input);
      const exitCode = signal.aborted ? undefined : await this.#runNow({ ...message, stdin }, cwd, signal);
      send(exitCode === undefined ? { kind: 'ended', id } : { kind: 'ended', id, exitCode });
    } finally {
      this.#running.delete(id);
    }
  }

  #runNow(message: RunMessage, cwd: string, signal: AbortSignal): Promise<number | undefined> {
    const { scratchDirs, workdir, liveBytes } = this.#world;
    const onOutput = (stream: 'stdout' | 'stderr', bytes: Uint8Array): void =>
      send({ kind: 'output', id: message.id, stream, bytes });
    return run(message, { files: this.#files, cwd, home: scratchDirs[0] ?? workdir, liveBytes, onOutput, signal });
  }

  #inside(path: string): string {
    return posix.resolve(this.#world.workdir, path);
  }

  async #directory(path: string): Promise<string> {
    const inside = this.#inside(path);
    const found = await this.#files.stat(inside).catch(() => undefined);
    if (!found?.isDirectory) throw new ShellFailure('not_found', `There is no directory ${path}.`);
    return inside;
  }
}

function send(message: FromShell): void {
  process.send?.(message);
}

let shell: Shell | undefined;

process.on('message', (message: ToShell) => {
  if (message.kind === 'open') {
    shell = new Shell(message.world);
    return send({ kind: 'ready' });
  }
  const path = 'path' in message ? message.path : undefined;
  shell?.take(message).catch((error: unknown) => send({ kind: 'failed', id: message.id, failure: failureOf(error, path) }));
});

process.on('disconnect', () => process.exit());
// The terminal's Ctrl-C is for the gateway, which then ends us.
process.on('SIGINT', () => {});
