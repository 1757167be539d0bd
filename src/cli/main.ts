/**
 * The program's entry, and the only place that ends the process.
 * `--version` is answered before anything else is loaded.
 */
import { writeSync } from 'node:fs';
import { serviceEnvironment } from '../config/environment.ts';
import { version } from '../version.ts';
import { keepCompiledCode } from './code-cache.ts';

const args = process.argv.slice(2);

if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  writeSync(1, `${version}\n`);
} else {
  keepCompiledCode(serviceEnvironment().CACHE_DIRECTORY);
  void import('./run.ts')
    .then(({ runCli }) => runCli(args))
    .then((code) => {
      // Commands that keep the process alive on purpose resolve only when they are done.
      process.exit(code);
    });
}
