/** The backend for machines without a container engine: shells that are interpreted, one process each. Keeps no state on disk. */
import { realpath } from 'node:fs/promises';
import type { Clock } from '../../domain/clock.ts';
import { systemClock } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import type { Sandbox, SandboxBackend, SandboxListing } from '../../domain/sandbox.ts';
import { EmbeddedSandbox } from './embedded-sandbox.ts';
import { workerExists } from './worker-process.ts';

export function createEmbeddedBackend(clock: Clock = systemClock): SandboxBackend {
  const alive = new Map<Sandbox, SandboxListing>();
  let closed = false;
  return {
    id: 'embedded',
    async probe() {
      if (workerExists()) return { ready: true, detail: 'embedded shell: interpreted, no network, files in memory' };
      return { ready: false, detail: 'The embedded shell is missing from this installation.', hint: 'Install OpenClaw again.' };
    },
    async acquire(scopeKey, spec) {
      if (closed) throw new AppError('unavailable', 'The embedded sandboxes are closed.', { hint: 'The gateway is stopping.' });
      // The real path: what the process may touch is said by it.
      const workspace = spec.access === 'none' ? spec.workspace : await realWorkspace(spec.workspace);
      const sandbox = new EmbeddedSandbox({ ...spec, workspace }, () => alive.delete(sandbox));
      alive.set(sandbox, {
        name: sandbox.name,
        backend: 'embedded',
        scopeKey,
        image: 'embedded',
        createdAtMs: clock.now(),
        running: true,
      });
      return sandbox;
    },
    list: async () => [...alive.values()],
    sweep: async () => [],
    async close() {
      closed = true;
      await Promise.all([...alive.keys()].map((sandbox) => sandbox.destroy()));
    },
  };
}

async function realWorkspace(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    throw new AppError('not_found', `The workspace ${path} cannot be opened.`, {
      hint: 'Make the directory, or set another one.',
      cause: error,
    });
  }
}
