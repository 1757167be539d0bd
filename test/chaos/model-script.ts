/** The model of the storm: does what the errands say, a little slowly, and now and then fails as vendors do. */
import type { ModelCall, Script, Step } from '../peers/model-api.ts';
import { answerTo, callsOf, errandsIn, type Errand } from './errands.ts';
import type { Ledger } from './ledger.ts';

/** Failures of one errand; fewer than the gateway's own tries, so that every errand is answered in the end. */
const MOST_FAILURES = 2;
const FAILURE_SHARE = 0.15;
const SLOWEST_MS = 200;

export interface Storminess {
  random: () => number;
  /** False: no more failures, as when the storm has passed. */
  fails: () => boolean;
}

export function createModelScript(ledger: Ledger, { random, fails }: Storminess): Script {
  const failures = new Map<string, number>();
  const mayFail = (id: string): boolean => {
    const before = failures.get(id) ?? 0;
    if (!fails() || before >= MOST_FAILURES || random() > FAILURE_SHARE) return false;
    failures.set(id, before + 1);
    return true;
  };
  return (call) => {
    // A conversation's summary is asked for without tools.
    if (call.tools.length === 0) return [{ waitMs: random() * SLOWEST_MS }, { text: 'Much was asked and done.' }];
    noteResults(ledger, call);
    const { errands, round } = openErrands(call);
    for (const { id } of errands) ledger.worked(id);
    const steps = stepsOf(errands, round);
    const delay: Step = { waitMs: random() * SLOWEST_MS };
    const fails = errands[0] !== undefined && mayFail(errands[0].id);
    return fails ? [delay, ...failing(steps, random)] : [delay, ...steps];
  };
}

/** What was asked since the last whole answer, and how many rounds of tools there were since. */
export function openErrands({ messages }: ModelCall): { errands: Errand[]; round: number } {
  const answered = messages.findLastIndex(
    (turn) => turn.role === 'assistant' && turn.parts.every((part) => part.type !== 'call'),
  );
  const since = messages.slice(answered + 1);
  const texts = since.flatMap((turn) => (turn.role === 'user' ? turn.parts : []));
  return {
    errands: texts.flatMap((part) => (part.type === 'text' ? errandsIn(part.text) : [])),
    round: since.filter((turn) => turn.role === 'assistant').length,
  };
}

function noteResults(ledger: Ledger, { results }: ModelCall): void {
  for (const { text, isError } of results) {
    const done = /\bok (p\d+n\d+\.\d+)\b/.exec(text);
    if (done?.[1] && !isError) ledger.claimedEffects.add(done[1]);
  }
}

function stepsOf(errands: readonly Errand[], round: number): Step[] {
  const calls = errands.flatMap((errand) => callsOf(errand, round));
  if (calls.length > 0) return calls;
  if (errands.length === 0) return [{ text: 'There is nothing to do.' }];
  return errands.flatMap((errand) => answerSteps(errand));
}

function answerSteps(errand: Errand): Step[] {
  const lines = answerTo(errand).map((line) => ({ text: `${line}\n` }));
  // Slow enough that it is shown while it grows.
  return errand.kind === 'slow' ? lines.flatMap((line) => [line, { waitMs: 120 }]) : lines;
}

function failing(steps: Step[], random: () => number): Step[] {
  const half = steps.slice(0, Math.ceil(steps.length / 2));
  const ways: Step[][] = [
    [{ status: 500 }],
    [{ status: 503 }],
    [{ status: 429, retryAfterSeconds: 1 }],
    [{ reset: true }],
    [...half, { reset: true }],
    [...half, { truncate: true }],
  ];
  return ways[Math.floor(random() * ways.length)] ?? [];
}
