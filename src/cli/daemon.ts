/**
 * A gateway in the background, for machines without systemd: started detached, found again by the lock that it holds on its state
 * directory. Under systemd the unit runs `gateway run`, and `systemctl` starts and stops it.
 */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processEnvironment } from '../config/environment.ts';
import { AppError } from '../domain/errors.ts';
import { lockHolder } from '../store/lock.ts';
import type { CliContext } from './context.ts';

const READY_WITHIN_MS = 30_000;
const STOPPED_WITHIN_MS = 15_000;
const LOOK_AGAIN_MS = 50;

export interface Started {
  pid: number;
  alreadyRan: boolean;
}

/** Resolves when the gateway answers. Rejects with AppError `unavailable` and the gateway's own words when it ends before. */
export async function startDaemon(context: CliContext): Promise<Started> {
  const { stateDir, logFile } = context.paths();
  const running = lockHolder(stateDir);
  if (running) return { pid: running.pid, alreadyRan: true };
  await mkdir(dirname(logFile), { recursive: true, mode: 0o700 });
  const startFile = `${logFile}.start`;
  const said = openSync(startFile, 'w', 0o600);
  const child = spawn(
    process.execPath,
    [...process.execArgv, process.argv[1] as string, ...profileArgs(context), 'gateway', 'run'],
    {
      detached: true,
      stdio: ['ignore', said, said],
      cwd: '/',
      // It is the same program: the keys of model providers may be in its environment.
      env: { ...processEnvironment() },
    },
  );
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  const client = await context.gateway();
  for (let waited = 0; waited < READY_WITHIN_MS; waited += LOOK_AGAIN_MS) {
    if (await client.isHealthy()) {
      child.unref();
      return { pid: child.pid as number, alreadyRan: false };
    }
    const code = await Promise.race([ended, sleep(LOOK_AGAIN_MS)]);
    if (code !== undefined) throw new AppError('unavailable', 'The gateway did not start.', { hint: await lastWords(startFile) });
  }
  throw new AppError('unavailable', 'The gateway started but does not answer yet.', { hint: 'See: openclaw logs' });
}

/** Resolves with false when none runs. Rejects with AppError `unavailable` when it does not end. */
export async function stopDaemon(context: CliContext): Promise<boolean> {
  const { stateDir } = context.paths();
  const holder = lockHolder(stateDir);
  if (!holder) return false;
  process.kill(holder.pid, 'SIGTERM');
  for (let waited = 0; waited < STOPPED_WITHIN_MS; waited += LOOK_AGAIN_MS) {
    if (!lockHolder(stateDir)) return true;
    await sleep(LOOK_AGAIN_MS);
  }
  throw new AppError('unavailable', `The gateway (process ${holder.pid}) did not stop in time.`, { hint: 'See: openclaw logs' });
}

function profileArgs({ options }: CliContext): string[] {
  if (options.dev) return ['--dev'];
  return options.profile === undefined ? [] : ['--profile', options.profile];
}

async function lastWords(path: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return (await readFile(path, 'utf8')).trim().split('\n').slice(-5).join('\n');
}
