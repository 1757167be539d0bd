/**
 * Owns the updates that wait for the bot: offsets, long polls, and the conflict of two pollers
 * (https://core.telegram.org/bots/api#getupdates). Must never drop an update that is not confirmed.
 */
import { Refusal } from './answers.ts';
import type { Update } from './types.ts';

/** Kinds that a bot gets only when it asks for them by name. */
const ON_REQUEST = new Set(['chat_member', 'message_reaction', 'message_reaction_count']);
const MAX_LIMIT = 100;
const FUTURE_TOLERANCE = 10;

export interface Poll {
  /** 0 when absent; negative counts from the end of the queue and forgets what is before it. */
  offset: number;
  limit: number;
  timeoutSeconds: number;
  /** `undefined` keeps the setting of the call before. */
  allowedUpdates: readonly string[] | undefined;
}

export type PollAnswer = (result: readonly Update[] | Refusal) => void;

interface Waiting {
  poll: Poll;
  answer: PollAnswer;
  timer: NodeJS.Timeout;
}

export interface UpdateQueue {
  /** Queues an update, or answers undefined when the bot did not ask for its kind. */
  push(kind: string, payload: unknown): Update | undefined;
  /** Answers now or later, exactly once unless cancelled. The result is the way to cancel. */
  poll(poll: Poll, answer: PollAnswer): () => void;
  /** Not confirmed, oldest first. */
  pending(): Update[];
  /** Whether a long poll is held open now. */
  polling(): boolean;
  /** Forgets every update that waits. */
  drop(): void;
  /** Ends a held poll without an answer (network loss). */
  abandon(): void;
}

export function createUpdateQueue(firstUpdateId: number): UpdateQueue {
  let updates: Update[] = [];
  let head = 0;
  let nextId = firstUpdateId;
  let allowed: ReadonlySet<string> | undefined;
  let waiting: Waiting | undefined;
  let wakeQueued = false;

  // An offset far past the end is a stranger's: the platform then starts at the head and confirms nothing.
  function confirm(offset: number): void {
    if (offset > nextId + FUTURE_TOLERANCE) return;
    const first = updates[head];
    if (first === undefined || offset === 0) return;
    // Ids have no gaps, so the place of one follows from the place of another.
    const kept = offset < 0 ? updates.length + offset : head + offset - first.update_id;
    head = Math.min(Math.max(head, kept), updates.length);
    if (head > 1024 && head * 2 > updates.length) {
      updates = updates.slice(head);
      head = 0;
    }
  }

  function batch(limit: number): Update[] {
    return updates.slice(head, head + Math.min(Math.max(limit, 1), MAX_LIMIT));
  }

  function release(): Waiting | undefined {
    const held = waiting;
    if (held !== undefined) clearTimeout(held.timer);
    waiting = undefined;
    return held;
  }

  // One tick later, so that updates which are pushed together arrive together.
  function wake(): void {
    if (waiting === undefined || wakeQueued) return;
    wakeQueued = true;
    queueMicrotask(() => {
      wakeQueued = false;
      const held = release();
      if (held === undefined) return;
      confirm(held.poll.offset);
      held.answer(batch(held.poll.limit));
    });
  }

  function hold(poll: Poll, answer: PollAnswer): () => void {
    const timer = setTimeout(() => release()?.answer([]), poll.timeoutSeconds * 1000);
    const mine: Waiting = { poll, answer, timer };
    waiting = mine;
    return () => {
      if (waiting === mine) release();
    };
  }

  return {
    push(kind, payload) {
      if (allowed === undefined ? ON_REQUEST.has(kind) : !allowed.has(kind)) return undefined;
      const update: Update = { update_id: nextId, [kind]: payload };
      nextId += 1;
      updates.push(update);
      wake();
      return update;
    },
    poll(poll, answer) {
      if (poll.allowedUpdates !== undefined) {
        allowed = poll.allowedUpdates.length === 0 ? undefined : new Set(poll.allowedUpdates);
      }
      confirm(poll.offset);
      const ready = batch(poll.limit);
      if (ready.length === 0 && poll.timeoutSeconds > 0) {
        // Only a poll that has to wait pushes out the one that waits already.
        release()?.answer(conflict());
        return hold(poll, answer);
      }
      answer(ready);
      return () => undefined;
    },
    pending: () => updates.slice(head),
    polling: () => waiting !== undefined,
    drop() {
      updates = [];
      head = 0;
    },
    abandon: () => void release(),
  };
}

function conflict(): Refusal {
  return new Refusal(409, 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running');
}
