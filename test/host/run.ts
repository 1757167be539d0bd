/**
 * `npm run test:host`: the tests of the booted host, on Debian 13 and 12, one after the other. Root only. `--suite NAME` runs one release.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { suite: { type: 'string' } } });
const folder = join(import.meta.dirname, 'booted');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.booted.ts'))
  .map((name) => join(folder, name));

if (process.getuid?.() !== 0) {
  console.error('The booted host needs root.');
  process.exit(process.env.CI === 'true' ? 1 : 0);
}
const failed = (values.suite ? [values.suite] : ['trixie', 'bookworm']).filter((suite) => {
  const run = spawnSync(process.execPath, ['--test', '--test-concurrency=1', ...files], {
    stdio: 'inherit',
    env: { ...process.env, OPENCLAW_BED_SUITE: suite },
  });
  return run.status !== 0;
});
process.exitCode = failed.length === 0 ? 0 : 1;
