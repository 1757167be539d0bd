/**
 * The turn: model, tool calls, model, until the model is done. Each step is in the journal before it takes effect, and what may
 * change something is durable there first; the same function goes on from a journal that a dead process left behind.
 * It neither sends nor ends anything: the outcome says how the turn ends, and the gateway writes that down with the replies.
 */
import { ask } from './ask.ts';
import { limitReached, spentOf } from './limits.ts';
import { endOfAnswer, endOfError, endOfLimit } from './outcome.ts';
import type { TurnOutcome } from './outcome.ts';
import { TurnAbort } from './parts.ts';
import type { TurnParts } from './parts.ts';
import { bookUsage, openRun, write } from './run.ts';
import type { Run, TurnInput } from './run.ts';
import { callsOf, resumeCalls, runCalls } from './tool-steps.ts';

/**
 * Runs a turn to its end. Rejects where it must be left as it is: with a `TurnAbort` of kind `shutdown`, and with what the store
 * threw; the turn then goes on from its journal later. Everything else that fails is an outcome or a bug.
 */
export async function runTurn(input: TurnInput, parts: TurnParts): Promise<TurnOutcome> {
  const deadline = setTimeout(() => input.controller.abort(new TurnAbort('timeout')), input.agent.limits.timeoutMs);
  deadline.unref();
  let run: Run | undefined;
  try {
    run = await openRun(input, parts);
    await resumeCalls(run);
    return await goOn(run);
  } catch (error) {
    return endOfError(error, input, run);
  } finally {
    clearTimeout(deadline);
  }
}

async function goOn(run: Run): Promise<TurnOutcome> {
  for (;;) {
    const limit = limitReached(spentOf(run.own), run.input.agent.limits);
    if (limit) return endOfLimit(run, limit);
    const answer = await ask(run);
    await bookUsage(run, answer);
    const calls = callsOf(answer);
    if (calls.length === 0) return endOfAnswer(run, answer);
    await write(run, [answer]);
    if ((await runCalls(run, calls)) === 'repeating') return endOfLimit(run, 'repeats');
    await joinWaiting(run);
  }
}

/** Steering: what came in meanwhile is read before the next step. */
async function joinWaiting(run: Run): Promise<void> {
  const joined = await run.input.joinWaiting?.();
  if (joined?.length) await write(run, joined);
}
