/** The program under test, as its users start it: `bin/openclaw gateway run` in a process group of its own. Killed, stopped, asked. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const program = join(import.meta.dirname, '..', '..', 'bin', 'openclaw');
const STOP_MS = 10_000;

export interface Place {
  /** The state directory; it holds the configuration. */
  stateDir: string;
  /** The gateway's own log of all its lives. */
  logFile: string;
  port: number;
}

export interface GatewayProcess {
  readonly startedAtMs: number;
  /** Exit code or signal. */
  readonly ended: Promise<string>;
  /** Nothing of it is left when it resolves; with `alone` what it started is left to notice by itself. */
  kill(alone: boolean): Promise<void>;
  /** As a service manager does it. Resolves with how it ended; after ten seconds it is killed. */
  stop(): Promise<string>;
}

export function startGateway(place: Place): GatewayProcess {
  const log = openSync(place.logFile, 'a');
  const args = ['gateway', 'run', '--port', String(place.port)];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', log], detached: true, env: environment(place) });
  closeSync(log);
  const ended = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? `exit ${code}`)));
  return {
    startedAtMs: Date.now(),
    ended,
    async kill(alone) {
      signal(child, 'SIGKILL', alone);
      await ended;
    },
    async stop() {
      signal(child, 'SIGTERM', true);
      const late = setTimeout(() => signal(child, 'SIGKILL', false), STOP_MS);
      const how = await ended;
      clearTimeout(late);
      return how;
    },
  };
}

/** What a command of the program prints as JSON, asked of the same state directory. */
export async function ask(place: Place, ...args: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(program, [...args, '--json'], { env: environment(place), maxBuffer: 1 << 28 });
  return JSON.parse(stdout);
}

function environment({ stateDir }: Place): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: join(stateDir, '..'), OPENCLAW_STATE_DIR: stateDir };
}

function signal(child: ChildProcess, name: NodeJS.Signals, alone: boolean): void {
  const pid = child.pid as number;
  try {
    process.kill(alone ? pid : -pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
