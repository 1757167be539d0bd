/** One change at a time: a file that names the process that is at it. One that died does not hold it. */
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { AppError } from '../../domain/errors.ts';

const path = '/run/openclaw-host.lock';

/** Throws AppError `conflict` while another one is at work. Returns what lets it go. */
export function takeLock(pid: number): () => void {
  const own = `${path}.${pid}`;
  writeFileSync(own, String(pid), { mode: 0o600 });
  try {
    if (!isAlive(holder())) rmSync(path, { force: true });
    linkSync(own, path);
  } catch (cause) {
    throw new AppError('conflict', 'Another openclaw host command is changing this machine.', {
      hint: `Wait for it (process ${holder() ?? 'unknown'}), then run the same command again.`,
      cause,
    });
  } finally {
    rmSync(own, { force: true });
  }
  return () => rmSync(path, { force: true });
}

function holder(): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function isAlive(pid: number | undefined): boolean {
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
