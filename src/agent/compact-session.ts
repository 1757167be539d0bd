/** /compact: sums the conversation up because the person wants it, not because it no longer fits. */
import { isAppError } from '../domain/errors.ts';
import type { StoredEntry } from '../domain/session.ts';
import { afterCompaction, cutIndex, sizeOf } from './compaction.ts';
import type { TurnParts } from './parts.ts';
import { openRun, write } from './run.ts';
import type { TurnInput } from './run.ts';
import { compactionOf } from './summary.ts';

/** What stays word for word: at most this share of the conversation. */
const KEEP_SHARE = 0.25;

/**
 * Returns the line for the person. Rejects with a `TurnAbort` and with what the store throws.
 * @param instructions what the person wants kept above all; may be empty.
 */
export async function compactSession(input: TurnInput, parts: TurnParts, instructions: string): Promise<string> {
  try {
    const run = await openRun(input, parts);
    const before = sizeOf(run.entries);
    const cut = cutIndex(run.entries, Math.min(input.agent.compaction.keepRecentTokens, before * KEEP_SHARE));
    if (cut === 0) return 'There is nothing to sum up yet.';
    const { facts, signal, entries } = run;
    const request = {
      entries,
      cut,
      models: input.models,
      facts,
      signal,
      cacheKey: input.session.id,
      turn: input.turn,
      instructions,
    };
    const entry = await compactionOf(request, parts.callModel);
    const [stored] = await write(run, [entry]);
    const after = sizeOf(afterCompaction(stored as StoredEntry, entries));
    return `The conversation so far is summed up: about ${before} tokens became ${after}.`;
  } catch (error) {
    input.controller.signal.throwIfAborted();
    if (!isAppError(error)) throw error;
    return `The conversation could not be summed up: ${error.message} It stays as it is.`;
  }
}
