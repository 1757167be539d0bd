/**
 * The storm: the real program under load, killed at random instants and started again, then left in peace to finish.
 * Returns what was counted and everything that is wrong.
 */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../../bench/statistics.ts';
import { createRandom } from '../peers/wire/random.ts';
import { judge } from './accounts.ts';
import { auditOf, effectsIn } from './audit.ts';
import { createBed, type Bed, type BedOptions } from './bed.ts';
import { plagueBot } from './bot-faults.ts';
import { startGateway, type GatewayProcess } from './gateway-process.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createModelScript } from './model-script.ts';
import { letPeopleWrite } from './people.ts';

export interface StormOptions extends BedOptions {
  kills: number;
  seed: number;
  /** People who only talk, and people who want tools. */
  talkers: number;
  workers: number;
  /** Told now and then. */
  progress?: (line: string) => void;
  /** The state directory stays when something is wrong. */
  keep?: boolean;
}

export interface StormReport {
  /** In the order in which they are worth reading. */
  figures: Record<string, number | string>;
  /** One sentence each. */
  violations: string[];
}

/** A life lasts this long, at random; one in five ends while it begins. */
const LIFE_MS = { shortest: 600, longest: 3_200, firstMoments: 700 };
/** Without a further answer for so long, it will not end. */
const PATIENCE_MS = 60_000;

interface Storm {
  options: StormOptions;
  bed: Bed;
  ledger: Ledger;
  random: () => number;
  violations: string[];
}

export async function runStorm(options: StormOptions): Promise<StormReport> {
  const random = createRandom(options.seed);
  const bed = await createBed(options);
  const storm: Storm = { options, bed, ledger: createLedger(bed.bot), random, violations: [] };
  let raging = true;
  bed.model.script(createModelScript(storm.ledger, { random, fails: () => raging }));
  const hush = letPeopleWrite(bed.bot, storm.ledger, { ...options, random });
  const calm = plagueBot(bed.bot, random);
  const pass = (): void => {
    raging = false;
    hush();
    calm();
  };
  try {
    const gateway = await killAndRestart(storm, startGateway(bed));
    pass();
    await settle(storm.ledger, options.progress);
    return await close(storm, gateway);
  } finally {
    pass();
    if (options.keep) keepEvidence(storm);
    await bed.close(options.keep === true && storm.violations.length > 0);
  }
}

/** Resolves with the life after the last death. */
async function killAndRestart(storm: Storm, first: GatewayProcess): Promise<GatewayProcess> {
  const { options, bed, ledger, random } = storm;
  let gateway = first;
  for (let kill = 1; kill <= options.kills; kill += 1) {
    const lifeMs = random() < 0.2 ? random() * LIFE_MS.firstMoments : between(LIFE_MS.shortest, LIFE_MS.longest, random());
    const early = await Promise.race([gateway.ended, sleep(lifeMs)]);
    if (early !== undefined) storm.violations.push(`the gateway ended by itself: ${early}`);
    ledger.died();
    await gateway.kill(random() < 0.5);
    gateway = startGateway(bed);
    ledger.started(gateway.startedAtMs);
    options.progress?.(`kills ${kill} of ${options.kills}; ${ledger.errands.size} messages, ${ledger.open()} open`);
  }
  return gateway;
}

function between(least: number, most: number, share: number): number {
  return least + (most - least) * share;
}

/** Everything that is open gets its answer, or nothing moves any more. */
export async function settle(ledger: Ledger, progress?: (line: string) => void): Promise<void> {
  let open = ledger.open();
  let movedAtMs = Date.now();
  while (open > 0 && Date.now() - movedAtMs < PATIENCE_MS) {
    await sleep(100);
    if (ledger.open() < open) movedAtMs = Date.now();
    open = ledger.open();
    progress?.(`the storm is over; ${open} open`);
  }
}

async function close({ bed, ledger, violations, options }: Storm, gateway: GatewayProcess): Promise<StormReport> {
  const how = await gateway.stop();
  if (how !== 'exit 0') violations.push(`SIGTERM ended it with ${how}`);
  const accounts = judge({ ledger, sent: bed.bot.sent(), effects: effectsIn(bed) });
  violations.push(...accounts.violations, ...(await auditOf(bed, { received: ledger.errands.size, quarantined: 0 })));
  const wentOn = (share: number): string => `${(quantile(ledger.wentOnMs, share) / 1000).toFixed(2)} s`;
  const figures = {
    kills: options.kills,
    ...accounts.figures,
    'model calls': bed.model.count(),
    'calls to the Bot API': bed.bot.count(),
    'goes on after a restart, median': wentOn(0.5),
    'goes on after a restart, 95 of 100': wentOn(0.95),
  };
  return { figures, violations };
}

/** What the peers saw, beside the gateway's log. */
function keepEvidence({ bed, ledger }: Storm): void {
  const calls = bed.bot.calls().filter(({ method }) => method !== 'getUpdates');
  const evidence = { killsAtMs: ledger.killsAtMs, errands: [...ledger.errands.values()], calls };
  writeFileSync(join(dirname(bed.logFile), 'evidence.json'), JSON.stringify(evidence, null, 1));
}
