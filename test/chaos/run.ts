/**
 * `npm run chaos -- --kills N [--seed S]`: the real program under load, killed N times at random instants, and the accounts
 * afterwards; then a message that kills whoever works on it. Ends with 1 when anything was lost, repeated or out of order.
 *
 *   --sandbox docker|embedded     where the tools run (docker)
 *   --queue followup|collect|steer
 *   --people N                    who only talk (12)
 *   --workers N                   who want tools (4)
 *   --keep                        leave the state directory when something is wrong
 */
import { parseArgs } from 'node:util';
import { runPoison } from './poison.ts';
import { runStorm, type StormOptions } from './storm.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    sandbox: { type: 'string', default: 'docker' },
    queue: { type: 'string', default: 'followup' },
    people: { type: 'string', default: '12' },
    workers: { type: 'string', default: '4' },
    keep: { type: 'boolean', default: false },
  },
});

function oneOf<const Known extends string>(name: string, value: string, known: readonly Known[]): Known {
  const found = known.find((one) => one === value);
  if (found) return found;
  console.error(`--${name} is ${known.join(' or ')}.`);
  process.exit(2);
}

const options: StormOptions = {
  kills: Number(values.kills),
  seed: Number(values.seed),
  talkers: Number(values.people),
  workers: Number(values.workers),
  sandbox: oneOf('sandbox', values.sandbox, ['docker', 'embedded']),
  queue: oneOf('queue', values.queue, ['followup', 'collect', 'steer']),
  keep: values.keep,
  progress,
};

let toldAtMs = 0;

/** On a terminal one line that changes; elsewhere a line every ten seconds. */
function progress(line: string): void {
  if (process.stderr.isTTY) return void process.stderr.write(`\r\x1b[K${line}`);
  if (Date.now() - toldAtMs < 10_000) return;
  toldAtMs = Date.now();
  process.stderr.write(`${line}\n`);
}

console.log(`seed ${options.seed}, sandbox ${options.sandbox}, queue ${options.queue}`);
const startedAtMs = Date.now();
const storm = await runStorm(options);
const poison = await runPoison({ ...options, innocents: 8 });
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
const seconds = Math.round((Date.now() - startedAtMs) / 1000);
const rows = Object.entries({ ...storm.figures, ...poison.figures, seconds });
for (const [name, value] of rows) console.log(`${name.padEnd(36)}${value}`);
const violations = [...storm.violations, ...poison.violations.map((violation) => `with a poisonous message: ${violation}`)];
console.log();
for (const violation of violations) console.log(`WRONG  ${violation}`);
console.log(violations.length === 0 ? 'Nothing lost, nothing repeated, order kept.' : `${violations.length} things are wrong.`);
process.exit(violations.length === 0 ? 0 : 1);
