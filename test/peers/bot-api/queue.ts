// Owns the updates that wait for the bot: offsets, long polls, and the conflict of two pollers
// (https://core.telegram.org/bots/api#getupdates). Must never drop an update that is not confirmed.

import { Refusal } from './answers.ts';
import type { Update } from './types.ts';

/** Kinds that a bot gets only when it asks for them by name. */
const ON_REQUEST = new Set(['chat_member', 'message_reaction', 'message_reaction_count']);
const MAX_LIMIT = 100;

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

  function confirm(offset: number): void {
    const first = offset < 0 ? Math.max(head, updates.length + offset) : head;
    head = first;
    while (offset > 0 && head < updates.length && (updates[head] as Update).update_id < offset) head += 1;
    if (head > 1024 && head * 2 > updates.length) {
      updates = updates.slice(head);
      head = 0;
    }
  }

  function batch(limit: number): Update[] {
    const size = limit >= 1 && limit <= MAX_LIMIT ? limit : MAX_LIMIT;
    return updates.slice(head, head + size);
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
      held?.answer(batch(held.poll.limit));
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
      release()?.answer(conflict());
      if (poll.allowedUpdates !== undefined) {
        allowed = poll.allowedUpdates.length === 0 ? undefined : new Set(poll.allowedUpdates);
      }
      confirm(poll.offset);
      const ready = batch(poll.limit);
      if (ready.length === 0 && poll.timeoutSeconds > 0) return hold(poll, answer);
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
