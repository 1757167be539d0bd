/**
 * `npm run bench`: prints the table of figures, each a ratio against a floor that was measured in the same run.
 * `npm run bench -- NAME ...` runs only some parts; `--quick` takes fewer samples; `--json` prints JSON.
 */
import { measureMessages } from './message.ts';
import { holds, ratioOf, render, type Figure } from './statistics.ts';

const args = process.argv.slice(2);
const quick = args.includes('--quick');

const parts: Record<string, () => Promise<Figure[]>> = {
  message: () =>
    measureMessages(
      quick ? { starts: 2, latencyMessages: 60, loadMessages: 600 } : { starts: 6, latencyMessages: 250, loadMessages: 4_000 },
    ),
};

const chosen = args.filter((arg) => !arg.startsWith('--'));
const unknown = chosen.filter((name) => !(name in parts));
if (unknown.length) {
  console.error(`Unknown: ${unknown.join(', ')}. Known: ${Object.keys(parts).join(', ')}.`);
  process.exit(2);
}

const figures: Figure[] = [];
for (const [name, measure] of Object.entries(parts)) {
  if (chosen.length && !chosen.includes(name)) continue;
  process.stderr.write(`measuring ${name} ...\n`);
  figures.push(...(await measure()));
}
if (args.includes('--json'))
  console.log(
    JSON.stringify(
      figures.map((one) => ({ ...one, ratio: ratioOf(one), holds: holds(one) })),
      null,
      2,
    ),
  );
else console.log(render(figures));
process.exit(0);
