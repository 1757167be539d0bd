/**
 * Owns the making of the sandbox's file system from Debian packages, in a directory of its own.
 * Must never leave a mount behind, and never remove a directory in which something is still mounted.
 */
import { chmod, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import { debianSources, hasKeyring } from './apt-sources.ts';
import type { DebianSources } from './apt-sources.ts';
import { imageUser, packages, release } from './recipe.ts';
import { runProgram } from './run-program.ts';

export interface DebianBuild {
  onProgress: (line: string) => void;
  signal?: AbortSignal;
  uid: number;
  /** The directory that is made lies below it; it must allow devices and programs. */
  parent?: string;
}

/** Gives `use` the path of the finished file system, and removes it afterwards whatever happens. */
export async function withDebianRoot<Result>(build: DebianBuild, use: (root: string) => Promise<Result>): Promise<Result> {
  if (build.uid !== 0) {
    throw new AppError('denied', 'Building the sandbox image from Debian packages needs root.', {
      hint: 'sudo openclaw sandbox build',
    });
  }
  await ensureDebootstrap(build);
  const root = await mkdtemp(join(build.parent ?? '/var/tmp', 'openclaw-image-'));
  try {
    const sources = await debianSources();
    await bootstrap(root, sources, build);
    await applyUpdates(root, sources, build);
    await slim(root, build);
    return await use(root);
  } finally {
    await removeRoot(root, build);
  }
}

async function ensureDebootstrap(build: DebianBuild): Promise<void> {
  const present = await runProgram('debootstrap', ['--version']).then(
    () => true,
    () => false,
  );
  if (present && hasKeyring()) return;
  build.onProgress('Installing debootstrap from the packages of this host.');
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const install = (): Promise<string> =>
    runProgram('apt-get', ['install', '-y', '--no-install-recommends', 'debootstrap', 'debian-archive-keyring'], { env });
  try {
    // A host whose package lists are missing or old fails the first time.
    await install().catch(async () => {
      await runProgram('apt-get', ['update'], { env });
      await install();
    });
  } catch (error) {
    throw new AppError('unavailable', 'debootstrap is missing and could not be installed.', {
      hint: 'apt-get install debootstrap debian-archive-keyring, then openclaw sandbox build.',
      cause: error,
    });
  }
}

/** What debootstrap prints, and what is said of it; each once. */
const phases: readonly [RegExp, string][] = [
  [/^I: Retrieving InRelease/, 'Reading the package lists.'],
  [/^I: Checking component/, 'Fetching the packages.'],
  [/^I: Installing core packages/, 'Unpacking the base system.'],
  [/^I: Configuring python3/, 'Configuring the packages.'],
];

async function bootstrap(root: string, sources: DebianSources, build: DebianBuild): Promise<void> {
  build.onProgress(`Making the file system from ${withoutCredentials(sources.mirror)} (${release}).`);
  const told = new Set<string>();
  const onLine = (line: string): void => {
    const said = phases.find(([pattern]) => pattern.test(line))?.[1];
    if (said === undefined || told.has(said)) return;
    told.add(said);
    build.onProgress(said);
  };
  const args = ['--variant=minbase', `--include=${packages.join(',')}`, `--keyring=${sources.keyring}`];
  await runProgram('debootstrap', [...args, release, root, sources.mirror], {
    env: sources.proxyEnv,
    onLine,
    ...(build.signal ? { signal: build.signal } : {}),
  });
}

async function applyUpdates(root: string, sources: DebianSources, build: DebianBuild): Promise<void> {
  build.onProgress('Applying the security updates.');
  await writeFile(join(root, 'etc/apt/sources.list'), aptSources(sources.mirror, sources.securityMirror));
  const env = { DEBIAN_FRONTEND: 'noninteractive', ...sources.proxyEnv };
  const apt = (...args: string[]): Promise<string> =>
    runProgram('chroot', [root, 'apt-get', '-y', ...args], { env, ...(build.signal ? { signal: build.signal } : {}) });
  try {
    await apt('update');
    await apt('dist-upgrade');
  } catch (error) {
    build.onProgress(`No security updates: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const aptSources = (mirror: string, securityMirror: string): string =>
  [
    `deb ${mirror} ${release} main`,
    `deb ${mirror} ${release}-updates main`,
    `deb ${securityMirror} ${release}-security main`,
    '',
  ].join('\n');

/** What no sandbox needs: emptied, the directories kept. */
const emptied = [
  'etc/systemd',
  'usr/share/doc-base',
  'usr/share/info',
  'usr/share/lintian',
  'usr/share/locale',
  'usr/share/man',
  'var/cache/apt',
  'var/cache/debconf',
  'var/cache/ldconfig',
  'var/lib/apt/lists',
  'var/log',
];

async function slim(root: string, build: DebianBuild): Promise<void> {
  build.onProgress('Removing documentation, translations and caches.');
  const within = (path: string): string => join(root, path);
  for (const directory of emptied) await emptyDirectory(within(directory));
  // Copyright files stay: they belong to the packages.
  await runProgram('find', [within('usr/share/doc'), '!', '-type', 'd', '!', '-name', 'copyright', '-delete']);
  await runProgram('find', [root, '-xdev', '-type', 'f', '-perm', '/6000', '-exec', 'chmod', 'a-s', '{}', '+']);
  await runProgram('chroot', [
    root,
    'useradd',
    '--create-home',
    '--uid',
    `${imageUser.uid}`,
    '--shell',
    '/bin/bash',
    imageUser.name,
  ]);
  // The public names instead of this host's: a mirror's address may be private or carry a password.
  await writeFile(
    within('etc/apt/sources.list'),
    aptSources('http://deb.debian.org/debian', 'http://deb.debian.org/debian-security'),
  );
  for (const file of ['etc/resolv.conf', 'etc/hostname', 'etc/machine-id']) await writeFile(within(file), '');
  await chmod(root, 0o755);
}

async function emptyDirectory(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names) await rm(join(directory, name), { recursive: true, force: true });
}

async function removeRoot(root: string, build: DebianBuild): Promise<void> {
  for (const mount of await mountsBelow(root)) await runProgram('umount', [mount]).catch(() => '');
  if ((await mountsBelow(root)).length > 0) {
    build.onProgress(`Something is still mounted below ${root}: it is left there. Unmount it and remove it by hand.`);
    return;
  }
  await rm(root, { recursive: true, force: true });
}

/** Deepest first. Source: proc_pid_mountinfo(5), field 5, with blanks as \040. */
async function mountsBelow(root: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return lines
    .map((line) => (line.split(' ')[4] ?? '').replace(/\\040/g, ' '))
    .filter((path) => path.startsWith(`${root}/`))
    .toReversed();
}

function withoutCredentials(address: string): string {
  return address.replace(/\/\/[^/@]*@/, '//');
}
