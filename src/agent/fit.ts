/**
 * Makes the conversation fit into the model's window. In this order: as it is; with old tool results shortened; with a summary
 * in place of the older part, stored and told; and where no summary can be had, with the older part left out of this one
 * request, told too. Nothing is ever forgotten silently.
 */
import type { StoredEntry } from '../domain/session.ts';
import { afterCompaction, cutIndex, sizeOf, trimResultsBefore } from './compaction.ts';
import { messageOf } from '../domain/errors.ts';
import { write } from './run.ts';
import type { Run } from './run.ts';
import { compactionOf } from './summary.ts';

/** Small windows would be eaten up by a reserve made for large ones. */
const MOST_RESERVED = 0.3;
const MOST_RECENT = 0.5;

const SUMMED_UP =
  'Earlier messages were summed up, because the conversation no longer fits into what the model can read at once.';
const LEFT_OUT =
  'Earlier messages were left out this time: the conversation no longer fits into what the model can read at once, and summing it up did not work.';

/** Tokens that the conversation itself may take. */
export function budgetOf(run: Run): number {
  const { contextTokens } = run.facts;
  const reserve = Math.min(run.input.agent.compaction.reserveTokens, contextTokens * MOST_RESERVED);
  return Math.max(0, contextTokens - reserve - run.fixedTokens);
}

/** The entries for the next request. Throws what the store throws, and the signal's reason. */
export async function fitContext(run: Run): Promise<readonly StoredEntry[]> {
  const budget = budgetOf(run);
  if (sizeOf(run.entries) <= budget) return run.entries;
  const turnStart = run.entries.findIndex((stored) => stored.turnId === run.input.turn.id);
  const trimmed = trimResultsBefore(run.entries, Math.max(0, turnStart));
  return sizeOf(trimmed) <= budget ? trimmed : compactRun(run, budget);
}

/** @param budget tokens into which the conversation must fit afterwards. */
export async function compactRun(run: Run, budget: number): Promise<readonly StoredEntry[]> {
  const keep = Math.min(run.input.agent.compaction.keepRecentTokens, budget * MOST_RECENT);
  const cut = cutIndex(run.entries, keep);
  // One exchange that is too long for itself: only its own results can be shortened, all but the last step's.
  if (cut === 0) return trimResultsBefore(run.entries, lastAnswer(run.entries));
  try {
    const { facts, signal, input, entries } = run;
    const request = { entries, cut, models: input.models, facts, signal, cacheKey: input.session.id, turn: input.turn };
    const [stored] = await write(run, [await compactionOf(request, run.parts.callModel)]);
    run.entries = afterCompaction(stored as StoredEntry, run.entries);
    tell(run, SUMMED_UP);
    return sizeOf(run.entries) <= budget ? run.entries : trimResultsBefore(run.entries, lastAnswer(run.entries));
  } catch (error) {
    run.signal.throwIfAborted();
    run.parts.log.warn({ reason: messageOf(error) }, 'the conversation could not be summed up');
    tell(run, LEFT_OUT);
    return withoutOlder(run, cut);
  }
}

function withoutOlder(run: Run, cut: number): StoredEntry[] {
  const kept = run.entries.slice(cut);
  const first = kept[0] as StoredEntry;
  const note = {
    kind: 'note' as const,
    text: 'earlier messages are left out here, because they do not fit; say so if you need them',
  };
  return [{ ...first, entry: note }, ...trimResultsBefore(kept, lastAnswer(kept))];
}

function lastAnswer(entries: readonly StoredEntry[]): number {
  return entries.findLastIndex(({ entry }) => entry.kind === 'assistant');
}

function tell(run: Run, line: string): void {
  if (!run.notices.includes(line)) run.notices.push(line);
}
