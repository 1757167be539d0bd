/**
 * The backend of `sandbox.mode: off`, which an owner chose: commands run on the host as the gateway's user, in the workspace.
 * Nothing is confined. What it does keep: no variable of the gateway but the few named here, a process group per command that
 * ends with all its children, and an end for everything when the sandbox ends. Must never be chosen for want of another.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import { systemClock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { Sandbox, SandboxBackend, SandboxListing } from '../domain/sandbox.ts';
import { HostSandbox } from './host/host-sandbox.ts';
import { isAlive } from './host/process-tree.ts';

export interface HostBackendOptions {
  /** The gateway's environment; commands get only `PASSED_ON` of it. */
  environment: Readonly<Record<string, string | undefined>>;
  clock?: Clock;
}

/** What programs need to run and to find their files. No name here may ever hold a secret. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ'];
const scratchPrefix = 'openclaw-host-';

export interface HostBackend extends SandboxBackend {
  /** Where the sandbox of this scope will have its scratch directory; known before it is made. */
  scratchDirOf(scopeKey: string): string;
}

export function createHostBackend({ environment, clock = systemClock }: HostBackendOptions): HostBackend {
  const alive = new Map<Sandbox, SandboxListing>();
  let base: string | undefined;
  let closed = false;
  // Ours alone by its mode, so that nobody else can have made what is in it.
  const scratchDirOf = (scopeKey: string): string => {
    base ??= mkdtempSync(join(tmpdir(), `${scratchPrefix}${process.pid}-`));
    return join(base, createHash('sha256').update(scopeKey).digest('hex').slice(0, 16));
  };
  return {
    id: 'host',
    scratchDirOf,
    async probe() {
      if (process.platform !== 'win32') return { ready: true, detail: 'commands run on the host, without a sandbox' };
      return { ready: false, detail: 'There is no /bin/sh.', hint: 'Set agents.defaults.sandbox.mode to all.' };
    },
    async acquire(scopeKey, spec) {
      if (closed) throw new AppError('unavailable', 'The host backend is closed.', { hint: 'The gateway is stopping.' });
      const scratchDir = scratchDirOf(scopeKey);
      await mkdir(scratchDir, { recursive: true });
      const sandbox = new HostSandbox({
        workspace: spec.workspace,
        scratchDir,
        environment: passedOn(environment),
        onDestroy: () => alive.delete(sandbox),
      });
      alive.set(sandbox, {
        name: sandbox.name,
        backend: 'host',
        scopeKey,
        image: 'host',
        createdAtMs: clock.now(),
        running: true,
      });
      return sandbox;
    },
    list: async () => [...alive.values()],
    sweep,
    async close() {
      closed = true;
      await Promise.all([...alive.keys()].map((sandbox) => sandbox.destroy()));
      if (base !== undefined) await rm(base, { recursive: true, force: true }).catch(() => {});
    },
  };
}

function passedOn(environment: HostBackendOptions['environment']): Record<string, string> {
  const given = PASSED_ON.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]] as const]));
  return Object.fromEntries(given);
}

/** Scratch directories whose gateway is no more. */
async function sweep(): Promise<string[]> {
  const names = await readdir(tmpdir()).catch(() => []);
  const left = names.filter((name) => {
    const pid = new RegExp(`^${scratchPrefix}(\\d+)-`).exec(name)?.[1];
    return pid !== undefined && !isAlive(Number(pid));
  });
  // Somebody else's directory of that name stays where it is.
  const removed = await Promise.all(
    left.map((name) =>
      rm(join(tmpdir(), name), { recursive: true, force: true }).then(
        () => [name],
        () => [],
      ),
    ),
  );
  return removed.flat();
}
