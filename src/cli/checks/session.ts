/** One run of checks for a command: observe, mend what may be mended, observe again. */
import { checksFor } from '../../checks/index.ts';
import { mendAll, observeAll, type Mended, type Observed, type Report } from '../../checks/run.ts';
import type { Check } from '../../domain/check.ts';
import { isAppError } from '../../domain/errors.ts';
import { confirm } from '../commands/host/confirm.ts';
import type { CliContext } from '../context.ts';
import { checkEdges } from './edges.ts';

export interface SessionOptions {
  report: Report;
  deep: boolean;
  fix: boolean;
  /** Mends also what takes more than rights away. */
  yes: boolean;
}

export interface SessionResult {
  observed: Observed[];
  mended: Mended[];
}

const LONGEST_MS = 30_000;
/** A file that could not be read for its modes shows its settings only once they are mended. */
const MOST_ROUNDS = 3;

export async function runSession(context: CliContext, options: SessionOptions): Promise<SessionResult> {
  const look = async (): Promise<Observed[]> => {
    const { report, deep } = options;
    const checks = checksFor(await checkEdges(context, deep));
    return observeAll(checks, { report, deep, signal: AbortSignal.timeout(LONGEST_MS) });
  };
  let observed = await look();
  const mended: Mended[] = [];
  if (!options.fix) return { observed, mended };
  const all = await mayMendAll(observed, context, options.yes);
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const isNew = ({ id, mending }: Check): boolean =>
      (all || mending?.narrowsOnly === true) && !mended.some((one) => one.id === id);
    const done = await mendAll(observed, isNew);
    if (done.length === 0) break;
    mended.push(...done);
    observed = await look();
  }
  return { observed, mended };
}

/** The plan is shown, and what takes more than rights away is asked for where a person can answer. */
async function mayMendAll(observed: readonly Observed[], { out }: CliContext, yes: boolean): Promise<boolean> {
  const plan = observed.flatMap(({ check, observation }) =>
    observation.state === 'finding' && check.mending ? [{ id: check.id, mending: check.mending }] : [],
  );
  if (plan.length > 0) out.note('Plan:');
  for (const { id, mending } of plan) out.note(`  ${id}: ${mending.changes}${mending.narrowsOnly ? '' : ' (needs a yes)'}`);
  if (yes || plan.every(({ mending }) => mending.narrowsOnly)) return yes;
  if (!process.stdin.isTTY) return false;
  try {
    await confirm('Do what needs a yes too?');
    return true;
  } catch (error) {
    if (!isAppError(error, 'denied')) throw error;
    return false;
  }
}
