/**
 * Runs the tests with all that they need. As root on Debian it installs and starts a Docker engine and builds the sandbox image;
 * otherwise it says what it has to leave out. In CI nothing may be left out.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = join(import.meta.dirname, '..');
const cache = join(root, '.cache');
const isRoot = process.getuid?.() === 0;
const inCi = process.env.CI === 'true';
const image = 'openclaw-sandbox:bookworm-slim';

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function succeeds(file: string, args: string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}

function must(file: string, args: string[]): void {
  const run = spawnSync(file, args, { stdio: 'inherit', cwd: root, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  if (run.status !== 0) throw new Error(`${file} ${args.join(' ')} failed`);
}

function installDebianPackages(): void {
  const wanted = { dockerd: 'docker.io', docker: 'docker.io', debootstrap: 'debootstrap' };
  const missing = Object.entries(wanted)
    .filter(([program]) => !succeeds('sh', ['-c', `command -v ${program}`]))
    .map(([, name]) => name);
  if (missing.length === 0) return;
  say(`Installing from Debian: ${[...new Set(missing)].join(', ')} ...`);
  must('apt-get', ['update', '-qq']);
  must('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...new Set(missing)]);
}

async function startEngine(): Promise<void> {
  if (succeeds('docker', ['version'])) return;
  say('Starting a Docker engine ...');
  const log = openSync(join(cache, 'dockerd.log'), 'a');
  spawn('dockerd', [], { detached: true, stdio: ['ignore', log, log] }).unref();
  for (let attempt = 0; attempt < 60; attempt += 1) {
    if (succeeds('docker', ['version'])) return;
    await sleep(500);
  }
  throw new Error(`dockerd did not start; see ${join(cache, 'dockerd.log')}`);
}

function buildImage(): void {
  if (succeeds('docker', ['image', 'inspect', image])) return;
  say(`Building the sandbox image ${image} ...`);
  must(join(root, 'bin', 'openclaw'), ['sandbox', 'build']);
}

/** True when the tests that need a Docker engine can run. */
async function prepareDocker(): Promise<boolean> {
  if (isRoot) {
    installDebianPackages();
    await startEngine();
  }
  if (!succeeds('docker', ['version'])) {
    say('Left out: the tests that need a Docker engine. None answers here, and only root may start one.');
    return false;
  }
  buildImage();
  return true;
}

/** The tests to run: the patterns on the command line, else all but those of the booted host. */
function patterns(): string[] {
  const given = process.argv.slice(2);
  return given.length ? given : ['test/**/*.test.ts'];
}

function runTests(withDocker: boolean): number {
  const tap = join(cache, 'test.tap');
  const run = spawnSync(
    process.execPath,
    [
      '--test',
      '--test-concurrency=2',
      '--test-timeout=300000',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=tap',
      `--test-reporter-destination=${tap}`,
      ...patterns(),
    ],
    { cwd: root, stdio: 'inherit', env: { ...process.env, OPENCLAW_TEST_DOCKER: withDocker ? '1' : '0' } },
  );
  const skipped = Number(/^# skipped (\d+)$/m.exec(existsSync(tap) ? readFileSync(tap, 'utf8') : '')?.[1] ?? -1);
  if (inCi && skipped !== 0) {
    say(skipped < 0 ? 'The test run left no result.' : `${skipped} tests were skipped; in CI none may be.`);
    return 1;
  }
  return run.status ?? 1;
}

mkdirSync(cache, { recursive: true });
process.exitCode = runTests(await prepareDocker());
