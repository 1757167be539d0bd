/**
 * A whole bare host in a container: systemd as PID 1, dockerd, ufw, and network namespaces that play the internet (`wan`) and the tailnet (`ts`).
 * The root of each Debian release is built once and kept; a boot works on an overlay of it, so nothing of one test reaches the next.
 * Needs root. The folder is that of OPENCLAW_BED, else `.cache/bed`.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type Suite = 'bookworm' | 'trixie';

export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Bed {
  readonly suite: Suite;
  /** The host's root, from outside. */
  readonly root: string;
  /** Runs a program on the host as root. */
  run(args: readonly string[], options?: { input?: string; timeoutMs?: number; env?: Record<string, string> }): Output;
  /** Starts a program on the host and does not wait for it; returns its process as seen from outside. */
  start(args: readonly string[]): ReturnType<typeof spawn>;
  /** A shell script on the host; rejects nothing, returns what it printed. */
  sh(script: string, timeoutMs?: number): Output;
  /** From the internet, or from the tailnet. */
  outside(where: 'wan' | 'ts', args: readonly string[]): Output;
  /** Stops and boots it again on the same disk. */
  reboot(): Promise<void>;
  down(): Promise<void>;
}

export const addresses = {
  host: { wan: '10.99.0.1', ts: '100.99.0.1', wan6: 'fd99:1::1', ts6: 'fd99:2::1' },
  wan: { v4: '10.99.0.2', v6: 'fd99:1::2' },
  ts: { v4: '100.99.0.2', v6: 'fd99:2::2' },
} as const;

const cache = process.env.OPENCLAW_BED ?? join(import.meta.dirname, '../../../.cache/bed');
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const inside = { PATH, HOME: '/root', LANG: 'C.UTF-8' };

const packages = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'procps',
  'iproute2',
  'iptables',
  'docker.io',
  'ca-certificates',
  'ufw',
  'cron',
  'sudo',
  'openssh-server',
  'fail2ban',
  'unattended-upgrades',
  'xz-utils',
  'curl',
  'python3',
  'util-linux',
  'acl',
  'strace',
  'bsdutils',
];

function must(file: string, args: readonly string[]): string {
  return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 64 * 1_048_576 });
}

function quietly(file: string, args: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}

/** Builds the root of a release; takes one to two minutes, once. */
function buildBase(suite: Suite): string {
  const base = join(cache, suite);
  if (existsSync(join(base, '.done'))) return base;
  if (!quietly('sh', ['-c', 'command -v mmdebstrap && command -v systemd-nspawn'])) {
    must('apt-get', ['update', '-qq']);
    must('apt-get', ['install', '-y', '-qq', 'mmdebstrap', 'systemd-container', 'iproute2']);
  }
  rmSync(base, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  const include = [...packages, ...(suite === 'trixie' ? ['docker-cli'] : [])].join(',');
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  must('mmdebstrap', [
    '--quiet',
    '--mode=root',
    '--variant=minbase',
    `--keyring=${keyring}`,
    `--include=${include}`,
    suite,
    base,
    mirror(),
  ]);
  writeFileSync(join(base, '.done'), '');
  return base;
}

function mirror(): string {
  const targets = must('apt-get', ['indextargets', '--format', '$(REPO_URI) $(ORIGIN) $(LABEL)', 'Created-By: Packages']);
  return /^(\S+) Debian Debian$/m.exec(targets)?.[1] ?? 'http://deb.debian.org/debian';
}

export async function bootBed(suite: Suite): Promise<Bed> {
  const work = join(cache, `run-${process.pid}-${suite}`);
  const root = join(work, 'root');
  for (const name of ['upper', 'work', 'root', 'docker']) mkdirSync(join(work, name), { recursive: true });
  const lower = buildBase(suite);
  must('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${lower},upperdir=${work}/upper,workdir=${work}/work`, root]);
  const machine = createMachine(work, root);
  await machine.boot();
  const bed: Bed = {
    suite,
    root,
    run: (args, options = {}) => machine.enter(args, options),
    start: (args) => spawn('nsenter', [...machine.flags(), ...args], { env: inside, stdio: ['ignore', 'pipe', 'pipe'] }),
    sh: (script, timeoutMs = 120_000) => machine.enter(['bash', '-c', script], { timeoutMs }),
    outside: (where, args) => call('ip', ['netns', 'exec', machine.namespaces[where], ...args], { timeoutMs: 30_000 }),
    async reboot() {
      await machine.halt();
      await machine.boot();
    },
    async down() {
      await machine.halt();
      quietly('umount', [root]);
      rmSync(work, { recursive: true, force: true });
    },
  };
  return bed;
}

function call(
  file: string,
  args: readonly string[],
  options: { input?: string; timeoutMs?: number; env?: Record<string, string> },
): Output {
  const done = spawnSync(file, args, {
    encoding: 'utf8',
    input: options.input ?? '',
    timeout: options.timeoutMs ?? 120_000,
    maxBuffer: 64 * 1_048_576,
    env: { ...inside, ...options.env },
  });
  return { code: done.status ?? 124, stdout: done.stdout ?? '', stderr: done.stderr ?? '' };
}

/** The container itself. */
function createMachine(work: string, root: string) {
  let nspawn: ReturnType<typeof spawn> | undefined;
  const id = String(process.pid);
  const namespaces = { wan: `bed-wan-${id}`, ts: `bed-ts-${id}` };
  const leader = (): string => {
    const pid = nspawn?.pid;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return children[0] ?? '';
  };
  const flags = (): string[] => ['-t', leader(), '-m', '-p', '-n', '-u', '-i', '-C', '-r', '-w', '--'];
  const enter = (args: readonly string[], options: Parameters<Bed['run']>[1] = {}): Output =>
    call('nsenter', [...flags(), ...args], options);
  return {
    namespaces,
    flags,
    enter,
    async boot(): Promise<void> {
      const log = openSync(join(work, 'boot.log'), 'a');
      const args = [
        '--register=no',
        '--keep-unit',
        '-D',
        root,
        '--bind',
        `${work}/docker:/var/lib/docker`,
        '--private-network',
        `--machine=bed${id}`,
        '--capability=all',
        '--console=pipe',
        '--boot',
        'systemd.unified_cgroup_hierarchy=1',
      ];
      nspawn = spawn('systemd-nspawn', args, {
        detached: true,
        stdio: ['ignore', log, log],
        env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1', SYSTEMD_SECCOMP: '0' },
      });
      closeSync(log);
      await settled(enter, join(work, 'boot.log'));
      wire(leader(), namespaces, enter);
    },
    async halt(): Promise<void> {
      const pid = nspawn?.pid;
      if (pid === undefined || nspawn?.exitCode !== null) return;
      enter(['systemctl', 'poweroff'], { timeoutMs: 10_000 });
      for (let wait = 0; wait < 80 && nspawn.exitCode === null; wait += 1) await sleep(500);
      if (nspawn.exitCode === null) process.kill(pid, 'SIGKILL');
      for (const name of Object.values(namespaces)) quietly('ip', ['netns', 'del', name]);
    },
  };
}

async function settled(enter: (args: readonly string[]) => Output, log: string): Promise<void> {
  for (let wait = 0; wait < 240; wait += 1) {
    await sleep(500);
    try {
      if (/running|degraded/.test(enter(['systemctl', 'is-system-running']).stdout)) return;
    } catch {
      // The container's first process is not there yet.
    }
  }
  throw new Error(`the host did not boot; see ${log}`);
}

/** The host has no network but these two links. */
function wire(leader: string, namespaces: { wan: string; ts: string }, enter: (args: readonly string[]) => Output): void {
  const links = [
    {
      namespace: namespaces.wan,
      device: 'eth0',
      near: [`${addresses.host.wan}/24`, `${addresses.host.wan6}/64`],
      far: [`${addresses.wan.v4}/24`, `${addresses.wan.v6}/64`],
    },
    {
      namespace: namespaces.ts,
      device: 'tailscale0',
      near: [`${addresses.host.ts}/24`, `${addresses.host.ts6}/64`],
      far: [`${addresses.ts.v4}/24`, `${addresses.ts.v6}/64`],
    },
  ];
  for (const { namespace, device, near, far } of links) {
    quietly('ip', ['netns', 'del', namespace]);
    must('ip', ['netns', 'add', namespace]);
    must('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
    const outer = `b${device.slice(0, 3)}${leader}`.slice(0, 15);
    must('ip', ['link', 'add', outer, 'type', 'veth', 'peer', 'name', device, 'netns', leader]);
    must('ip', ['link', 'set', outer, 'netns', namespace]);
    for (const address of far)
      must('ip', ['-n', namespace, 'addr', 'add', address, 'dev', outer, ...(address.includes(':') ? ['nodad'] : [])]);
    must('ip', ['-n', namespace, 'link', 'set', outer, 'up']);
    for (const address of near) enter(['ip', 'addr', 'add', address, 'dev', device, ...(address.includes(':') ? ['nodad'] : [])]);
    enter(['ip', 'link', 'set', device, 'up']);
  }
  enter(['ip', 'route', 'add', 'default', 'via', addresses.wan.v4]);
}

/** Beds of processes that are gone, with their mounts. */
export function sweepBeds(): void {
  if (!existsSync(cache)) return;
  for (const name of readdirSync(cache)) {
    const pid = /^run-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    quietly('umount', ['-l', join(cache, name, 'root')]);
    rmSync(join(cache, name), { recursive: true, force: true });
  }
}
