/** A release on a freshly booted host, and the questions that the tests ask it. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bootBed, sweepBeds, type Bed, type Output, type Suite } from '../bed/bed.ts';

const root = join(import.meta.dirname, '../../..');
const cache = process.env.OPENCLAW_BED ?? join(root, '.cache/bed');

export interface Finding {
  id: string;
  layer: string;
  state: 'holds' | 'finding' | 'unobserved';
  evidence: string;
}

/** Built once for a run: the sandbox's file system is kept from run to run, since it does not depend on our sources. */
function release(): string {
  const out = join(cache, 'release');
  mkdirSync(out, { recursive: true });
  const rootfs = join(cache, 'rootfs.tar');
  const args = ['scripts/release.ts', '--fast', '--out', out, ...(existsSync(rootfs) ? ['--rootfs', rootfs] : [])];
  execFileSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  const archive = readdirSync(out).find((name) => name.endsWith('.tar.xz')) as string;
  return join(out, archive);
}

/** Boots a bare host with the unpacked release in /root/openclaw. */
export async function freshHost(suite: Suite): Promise<Bed> {
  sweepBeds();
  const archive = release();
  const bed = await bootBed(suite);
  mkdirSync(join(bed.root, 'root/openclaw'), { recursive: true });
  execFileSync('tar', ['-xJf', archive, '--strip-components=1', '-C', join(bed.root, 'root/openclaw')]);
  const rootfs = join(cache, 'rootfs.tar');
  if (!existsSync(rootfs)) copyFileSync(join(bed.root, 'root/openclaw/sandbox/rootfs.tar'), rootfs);
  return bed;
}

/** The unpacked release's own program; after `apply` it is on the PATH. */
export const unpacked = '/root/openclaw/openclaw';

export function host(bed: Bed, ...args: string[]): Output {
  return bed.run([unpacked, 'host', ...args], { timeoutMs: 600_000 });
}

export function verified(bed: Bed, ...args: string[]): Finding[] {
  const said = bed.run(['openclaw', 'host', 'verify', '--json', ...args], { timeoutMs: 300_000 });
  try {
    return (JSON.parse(said.stdout) as { results: Finding[] }).results;
  } catch {
    throw new Error(`verify said: ${said.stdout.slice(0, 500)} ${said.stderr.slice(0, 2000)}`);
  }
}

export function findings(bed: Bed, ...args: string[]): string[] {
  return verified(bed, ...args)
    .filter(({ state }) => state === 'finding')
    .map(({ id, evidence }) => `${id}: ${evidence}`);
}
