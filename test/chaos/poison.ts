/**
 * A message that kills: whenever the model is asked about it, the process dies. It must be set aside after the second death
 * that it alone can have caused (in a crowd the first ones have no known cause), and its sender told, and everybody else, the sender's other messages too, must be answered as if nothing had happened.
 */
import { createRandom } from '../peers/wire/random.ts';
import type { ModelCall } from '../peers/model-api.ts';
import { judge } from './accounts.ts';
import { auditOf, effectsIn } from './audit.ts';
import { createBed, type Bed, type BedOptions } from './bed.ts';
import { errand, textOf } from './errands.ts';
import { startGateway, type GatewayProcess } from './gateway-process.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createModelScript } from './model-script.ts';
import { settle, type StormReport } from './storm.ts';

export interface PoisonOptions extends BedOptions {
  seed: number;
  innocents: number;
}

const POISON = 'poison for the gateway';
const POISONER = 5_999;
/** In a crowd the first deaths have no known cause. */
const deathsAllowed = (innocents: number): number => (innocents === 0 ? 2 : 4);
/** After so many it will not stop dying. */
const MOST_DEATHS = 6;
const TOLD_MS = 30_000;
const EACH_WRITES = 3;

export async function runPoison(options: PoisonOptions): Promise<StormReport> {
  const bed = await createBed(options);
  const ledger = createLedger(bed.bot);
  const random = createRandom(options.seed);
  const model = createModelScript(ledger, { random, fails: () => false });
  let bite = Promise.withResolvers<void>();
  bed.model.script((call) => {
    if (!isPoisoned(call)) return model(call);
    bite.resolve();
    return [{ silent: true }];
  });
  const poisoner = bed.bot.person(POISONER);
  let gateway = startGateway(bed);
  let deaths = 0;
  try {
    innocentsWrite(bed, ledger, options.innocents);
    poisoner.text(POISON);
    while (deaths < MOST_DEATHS && (await bitten(bed, bite.promise))) {
      deaths += 1;
      ledger.died();
      await gateway.kill(false);
      bite = Promise.withResolvers<void>();
      gateway = startGateway(bed);
      ledger.started(gateway.startedAtMs);
    }
    // The poisoner is a person like others.
    say(bed, ledger, POISONER, errand(POISONER - 5_000, 1, 'plain'));
    await settle(ledger);
    return await close({ bed, ledger, gateway }, { deaths, allowed: deathsAllowed(options.innocents) });
  } finally {
    await gateway.kill(false);
    await bed.close(false);
  }
}

function isPoisoned({ messages }: ModelCall): boolean {
  return messages.some(({ parts }) => parts.some((part) => part.type === 'text' && part.text.includes(POISON)));
}

/** False when its sender has been told that it was set aside. */
async function bitten({ bot }: Bed, bite: Promise<void>): Promise<boolean> {
  const isTold = (): boolean => bot.texts(POISONER).some((text) => text.includes('set aside'));
  const told = bot.until(isTold, TOLD_MS).then(
    () => false,
    () => false,
  );
  return Promise.race([bite.then(() => true), told]);
}

function innocentsWrite(bed: Bed, ledger: Ledger, innocents: number): void {
  for (let person = 0; person < innocents; person += 1) {
    for (let number = 1; number <= EACH_WRITES; number += 1) {
      say(bed, ledger, 5_000 + person, errand(person, number, person % 2 === 0 ? 'plain' : 'slow'));
    }
  }
}

// oxlint-disable-next-line max-params
function say(bed: Bed, ledger: Ledger, personId: number, asked: ReturnType<typeof errand>): void {
  ledger.asked(asked);
  bed.bot.person(personId).text(textOf(asked));
}

interface End {
  bed: Bed;
  ledger: Ledger;
  gateway: GatewayProcess;
}

async function close(
  { bed, ledger, gateway }: End,
  { deaths, allowed }: { deaths: number; allowed: number },
): Promise<StormReport> {
  const told = bed.bot.texts(POISONER).filter((text) => text.includes('set aside')).length;
  const how = await gateway.stop();
  const accounts = judge({ ledger, sent: bed.bot.sent(), effects: effectsIn(bed) });
  const violations = [...accounts.violations, ...(await auditOf(bed, { received: ledger.errands.size + 1, quarantined: 1 }))];
  if (how !== 'exit 0') violations.push(`SIGTERM ended it with ${how}`);
  if (deaths > allowed) violations.push(`the poisonous message killed ${deaths} times`);
  if (told !== 1) violations.push(`its sender was told ${told} times`);
  return { figures: { 'deaths by poison': deaths, 'others answered': ledger.errands.size - ledger.open() }, violations };
}
