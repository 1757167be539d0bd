/** Everything that must hold besides the tests: format, lint, types, boundaries, dead code. `--tests` runs the tests too. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const binaries = join(root, 'node_modules', '.bin');

const steps: [name: string, file: string, args: string[]][] = [
  ['format', 'oxfmt', ['--check', 'src', 'test', 'bench', 'scripts']],
  ['lint', 'oxlint', ['--type-aware', 'src', 'test', 'bench', 'scripts']],
  ['types', 'tsc', ['--noEmit', '-p', root]],
  ['boundaries', 'node', ['--test', 'test/boundaries.test.ts']],
  ['dead code', 'knip', ['--no-progress']],
  ['package', 'publint', ['--strict']],
];
if (process.argv.includes('--tests')) steps.push(['tests', 'node', ['scripts/test.ts']]);

const failed: string[] = [];
for (const [name, file, args] of steps) {
  console.log(`\n== ${name}`);
  const run = spawnSync(file === 'node' ? process.execPath : join(binaries, file), args, { cwd: root, stdio: 'inherit' });
  if (run.status !== 0) failed.push(name);
}
console.log(failed.length ? `\nfailed: ${failed.join(', ')}` : '\nall checks hold');
process.exitCode = failed.length ? 1 : 0;
