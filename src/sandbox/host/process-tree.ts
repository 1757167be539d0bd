/**
 * Owns ending host processes with all that they started. A process group is not enough: a child may leave it (`setsid`), so on
 * Linux each child is also found by a mark in its environment, which children inherit.
 */
import { readdir, readFile } from 'node:fs/promises';

export const markName = 'OPENCLAW_COMMAND';

/** TERM or KILL for the group of `pid` and for every process whose mark begins with `mark`. */
export async function signalTree(pid: number | undefined, mark: string, signal: NodeJS.Signals): Promise<void> {
  if (pid !== undefined) send(-pid, signal);
  for (const marked of await markedProcesses(mark)) send(marked, signal);
}

/** Processes whose mark begins with `mark`; none where there is no /proc. */
export async function markedProcesses(mark: string): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const checked = await Promise.all(pids.map(async (pid) => ((await hasMark(pid, mark)) ? [pid] : [])));
  return checked.flat();
}

async function hasMark(pid: number, mark: string): Promise<boolean> {
  // Other users' processes cannot be read, and are not ours.
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return `\0${environment}`.includes(`\0${markName}=${mark}`);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
