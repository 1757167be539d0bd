/**
 * Owns the poll loop: getUpdates again and again, each batch handed on before the next call confirms it
 * (https://core.telegram.org/bots/api#getupdates). It outlives everything but a refused token.
 * Must never confirm an update that `deliver` has not taken.
 */
import type { Update } from 'grammy/types';
import { AppError, messageOf } from '../../domain/errors.ts';
import type { Log } from '../../domain/log.ts';
import { createBackoff, type Backoff } from '../backoff.ts';
import { isRefusal, isTokenRefused, toAppError } from './errors.ts';

export interface PollEdges {
  /** Rejects with whatever the client throws. */
  fetchUpdates(offset: number | undefined, signal: AbortSignal): Promise<Update[]>;
  removeWebhook(signal: AbortSignal): Promise<unknown>;
  /** Resolves when the batch is on disk. `nextOffset` goes with it. */
  deliver(updates: Update[], nextOffset: number, signal: AbortSignal): Promise<void>;
  /** Undefined: all is well. */
  report(trouble: string | undefined): void;
  /** Resolves after the time, or when `signal` aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  log: Log;
  pauses: PollPauses;
}

export interface PollPauses {
  /** First and longest pause after trouble, milliseconds. */
  firstMs: number;
  mostMs: number;
}

/** Resolves when `signal` aborts; rejects with AppError `denied` only. */
export async function poll(edges: PollEdges, firstOffset: number | undefined, signal: AbortSignal): Promise<void> {
  const backoff = createBackoff(edges.pauses.firstMs, edges.pauses.mostMs);
  let offset = firstOffset;
  while (!signal.aborted) {
    const updates = await fetchBatch(edges, { offset, backoff }, signal);
    if (updates === undefined || updates.length === 0) continue;
    offset = offsetAfter(updates);
    await handOn(edges, { updates, offset }, signal);
  }
}

/** Undefined after trouble, which has been waited out by then. */
async function fetchBatch(
  edges: PollEdges,
  { offset, backoff }: { offset: number | undefined; backoff: Backoff },
  signal: AbortSignal,
): Promise<Update[] | undefined> {
  try {
    const answer: unknown = await edges.fetchUpdates(offset, signal);
    if (!Array.isArray(answer)) throw new AppError('unavailable', 'Telegram answered something that is no list of updates');
    const updates = answer.filter(isUpdate);
    if (updates.length < answer.length) edges.log.warn({ dropped: answer.length - updates.length }, 'updates without an id');
    // Nothing but such updates: they come again at once, so the next call must not.
    if (updates.length === 0 && answer.length > 0) throw new AppError('unavailable', 'Telegram sent updates without an id');
    backoff.reset();
    edges.report(undefined);
    return updates;
  } catch (error) {
    if (signal.aborted) return undefined;
    await waitOut(edges, { error, backoff }, signal);
    return undefined;
  }
}

function isUpdate(value: unknown): value is Update {
  return typeof value === 'object' && value !== null && 'update_id' in value && Number.isSafeInteger(value.update_id);
}

/** Ids need not come in order, and after a quiet week they start anywhere: only the batch itself counts. */
function offsetAfter(updates: readonly Update[]): number {
  return Math.max(...updates.map((update) => update.update_id)) + 1;
}

async function waitOut(edges: PollEdges, { error, backoff }: { error: unknown; backoff: Backoff }, signal: AbortSignal) {
  const told = toAppError(error);
  if (isTokenRefused(error)) throw told;
  if (isRefusal(error, 409, /webhook/i)) return dropWebhook(edges, backoff, signal);
  const trouble = told.code === 'conflict' ? 'another program polls with this token' : told.message;
  edges.report(trouble);
  edges.log.warn({ code: told.code }, `polling waits: ${trouble}`);
  await edges.pause(Math.max(backoff.next(), told.retryAfterMs ?? 0), signal);
}

async function dropWebhook(edges: PollEdges, backoff: Backoff, signal: AbortSignal): Promise<void> {
  edges.report('a webhook is set for this bot; it is being removed');
  edges.log.warn({}, 'a webhook is set for this bot, so polling is refused: removing it; what it has not delivered is kept');
  try {
    await edges.removeWebhook(signal);
  } catch (error) {
    if (!signal.aborted) edges.log.warn({}, `the webhook could not be removed: ${toAppError(error).message}`);
  }
  // Also after success: someone may be setting it again and again.
  await edges.pause(backoff.next(), signal);
}

async function handOn(
  edges: PollEdges,
  { updates, offset }: { updates: Update[]; offset: number },
  signal: AbortSignal,
): Promise<void> {
  const backoff = createBackoff(edges.pauses.firstMs, edges.pauses.mostMs);
  while (!signal.aborted) {
    try {
      await edges.deliver(updates, offset, signal);
      return edges.report(undefined);
    } catch (error) {
      if (signal.aborted) return;
      edges.report('what was received could not be stored');
      edges.log.error({ updates: updates.length }, `a batch was not stored and is tried again: ${messageOf(error)}`);
      await edges.pause(backoff.next(), signal);
    }
  }
}
