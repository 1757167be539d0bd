/**
 * The way out: sends what stands in the outbox as `sending`, writes down what became of it, and fetches what is due later.
 * The store keeps the order within a chat; chats do not wait for each other. It must never send what is not durable,
 * nor send again, unmarked, what may have arrived.
 */
import type { Channel } from '../domain/channel.ts';
import { isCertainlyUnsent } from '../domain/channel.ts';
import type { Clock } from '../domain/clock.ts';
import { isAppError, messageOf } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import type { Address, OutboundPart } from '../domain/message.ts';
import type { Delivery, Outbox } from '../domain/store.ts';

/** Due deliveries taken from the store at once. */
const BATCH = 64;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 300_000;
/** With the waits above, about a day. */
const MOST_ATTEMPTS = 300;
/** All but the first of them marked as possible repeats; with the waits above, a network that breaks every call may last a quarter of an hour. */
export const MOST_UNKNOWN = 10;
const STORE_RETRY_MS = 1_000;
const AFTER_ABORT_MS = 500;

export const REPEAT_MARK = '_(may be a repeat)_ ';

export interface DeliveryParts {
  outbox: Outbox;
  durable(): Promise<void>;
  channelOf(to: Pick<Address, 'channel' | 'account'>): Channel | undefined;
  clock: Clock;
  log: Log;
  /** A delivery has reached its end, whichever. Must not throw. */
  onEnded?(delivery: Delivery): void;
}

/** What the platform's answer means for a delivery. */
type Fate =
  | { kind: 'sent'; remoteId: string }
  | { kind: 'later'; afterMs: number; reason: string }
  | { kind: 'repeat'; afterMs: number; reason: string }
  | { kind: 'over'; state: 'failed' | 'uncertain'; reason: string }
  /** The gateway stops: the row stays `sending` and is settled at the next start. */
  | { kind: 'left' };

export class DeliveryLoop {
  private readonly parts: DeliveryParts;
  private readonly stopping = new AbortController();
  private readonly inFlight = new Set<Promise<void>>();
  /** Rows that are known to wait in the store. */
  private waiting = 0;
  private taking: Promise<void> | undefined;
  private takeAgain = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly limitedUntil = new Map<string, number>();

  constructor(parts: DeliveryParts) {
    this.parts = parts;
  }

  /** @param stored how many rows were written; the store hands out at most one per chat, the rest waits behind it. */
  send(toSendNow: readonly Delivery[], stored = toSendNow.length): void {
    this.waiting += stored - toSendNow.length;
    for (const delivery of toSendNow) this.start(delivery);
    // All of it may wait behind something that has been sent meanwhile.
    if (toSendNow.length === 0 && stored > 0) this.lookForDue();
  }

  /** Rows were queued in the store by somebody else, or may be left from before. */
  queued(rows: number): void {
    this.waiting += rows;
    this.lookForDue();
  }

  /** The platform lately refused this bot's messages for being too many: whatever can be left out should be. */
  isLimited(to: Pick<Address, 'channel' | 'account'>): boolean {
    return (this.limitedUntil.get(accountOf(to)) ?? 0) > this.parts.clock.monotonic();
  }

  /** Takes nothing more and waits for what is being sent, at most `graceMs`; then gives it up, to be settled at the next start. */
  async drain(graceMs: number): Promise<void> {
    clearTimeout(this.timer);
    const giveUp = setTimeout(() => this.stopping.abort(), graceMs);
    this.waiting = 0;
    await this.taking;
    const sent = (async () => {
      while (this.inFlight.size > 0) await Promise.all(this.inFlight);
    })();
    // A channel that does not heed its signal must not hold up the end.
    await Promise.race([sent, pauseMs(graceMs + AFTER_ABORT_MS)]);
    clearTimeout(giveUp);
    this.stopping.abort();
    clearTimeout(this.timer);
  }

  private start(delivery: Delivery): void {
    const work = this.deliver(delivery).finally(() => {
      this.inFlight.delete(work);
      // Its end may have let the next one of its chat go.
      if (this.waiting > 0) this.lookForDue();
    });
    this.inFlight.add(work);
  }

  private async deliver(delivery: Delivery): Promise<void> {
    const fate = await this.attempt(delivery);
    try {
      await this.record(delivery, fate);
    } catch (error) {
      // The store writes it down by itself with its next commit.
      this.parts.log.warn({ error, delivery: delivery.id }, 'the end of a delivery could not be written down yet');
    }
  }

  private async attempt(delivery: Delivery): Promise<Fate> {
    const channel = this.parts.channelOf(delivery.to);
    if (!channel) return { kind: 'over', state: 'failed', reason: 'the channel is not configured' };
    try {
      return { kind: 'sent', remoteId: await this.handAll(channel, delivery) };
    } catch (error) {
      if (this.stopping.signal.aborted && !isCertainlyUnsent(error)) return { kind: 'left' };
      if (isAppError(error, 'limit')) this.noteLimit(delivery.to, error.retryAfterMs);
      return fateOf(error, delivery, channel);
    }
  }

  /** One message, as it was stored; a marked repeat may have become too long for one. */
  private async handAll(channel: Channel, delivery: Delivery): Promise<string> {
    const [first, ...rest] = partsOf(delivery, channel);
    const remoteId = await this.hand(channel, delivery, first ?? delivery.part);
    for (const [index, part] of rest.entries()) {
      await channel.send(delivery.to, part, { dedupeKey: `${delivery.id}:${index + 1}`, signal: this.stopping.signal });
    }
    return remoteId;
  }

  /** An edit where a preview is shown; should the preview be gone, a message of its own. */
  private async hand(channel: Channel, delivery: Delivery, part: OutboundPart): Promise<string> {
    const options = { dedupeKey: delivery.id, signal: this.stopping.signal };
    const { remoteId, to } = delivery;
    if (remoteId === undefined || !channel.edit) return channel.send(to, part, options);
    try {
      await channel.edit(to, remoteId, part, options);
      return remoteId;
    } catch (error) {
      if (!isAppError(error, 'invalid') && !isAppError(error, 'not_found')) throw error;
      return channel.send(to, part, options);
    }
  }

  private async record(delivery: Delivery, fate: Fate): Promise<void> {
    const { outbox, log, onEnded } = this.parts;
    const { id } = delivery;
    switch (fate.kind) {
      case 'sent':
        onEnded?.(delivery);
        return outbox.sent(id, fate.remoteId);
      case 'later':
        log.info({ delivery: id, reason: fate.reason, afterMs: fate.afterMs, attempts: delivery.attempts }, 'a delivery waits');
        this.waiting += 1;
        return outbox.retry(id, this.parts.clock.now() + fate.afterMs, fate.reason);
      case 'repeat':
        log.warn({ delivery: id, reason: fate.reason }, 'it is not known whether a delivery arrived; it is sent again, marked');
        this.waiting += 1;
        return outbox.resendMarked(id, this.parts.clock.now() + fate.afterMs);
      case 'over':
        log.error({ delivery: id, channel: delivery.to.channel, reason: fate.reason }, `a delivery is given up: ${fate.state}`);
        onEnded?.(delivery);
        return outbox.fail(id, fate.state, fate.reason);
      case 'left':
        return undefined;
    }
  }

  private noteLimit(to: Address, retryAfterMs = FIRST_RETRY_MS): void {
    this.limitedUntil.set(accountOf(to), this.parts.clock.monotonic() + retryAfterMs);
  }

  private lookForDue(): void {
    if (this.stopping.signal.aborted) return;
    this.takeAgain = true;
    this.taking ??= this.takeDue().finally(() => (this.taking = undefined));
  }

  /** One look for all that ended in the same turn of the event loop. */
  private async takeDue(): Promise<void> {
    const { outbox, clock } = this.parts;
    try {
      while (this.takeAgain && !this.stopping.signal.aborted) {
        this.takeAgain = false;
        const due = await outbox.takeDue(clock.now(), BATCH);
        if (due.length === 0) break;
        await this.parts.durable();
        this.waiting = Math.max(0, this.waiting - due.length);
        for (const delivery of due) this.start(delivery);
        this.takeAgain ||= due.length === BATCH;
      }
      this.lookAt(await outbox.nextDueMs());
    } catch (error) {
      this.parts.log.warn({ error }, 'what is due could not be read; tried again in a second');
      this.lookAt(clock.now() + STORE_RETRY_MS);
    }
  }

  private lookAt(dueMs: number | undefined): void {
    clearTimeout(this.timer);
    if (dueMs === undefined || this.stopping.signal.aborted) return;
    // At least a little later: what is due now has just been taken, or is held up by something that will end.
    const waitMs = Math.max(20, Math.min(dueMs - this.parts.clock.now(), LONGEST_RETRY_MS));
    this.timer = setTimeout(() => this.lookForDue(), waitMs);
    this.timer.unref();
  }
}

function pauseMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

function accountOf(to: Pick<Address, 'channel' | 'account'>): string {
  return `${to.channel} ${to.account}`;
}

function partsOf({ part, markedRepeat }: Delivery, channel: Channel): OutboundPart[] {
  if (!markedRepeat) return [part];
  const text = REPEAT_MARK + part.text;
  if (part.file || text.length <= channel.capabilities.textLimit) return [{ ...part, text }];
  // Each piece is a message of its own, and each may be a repeat.
  return channel.splitText(text).map((piece, index) => (index === 0 ? { ...part, text: piece } : { text: REPEAT_MARK + piece }));
}

function fateOf(error: unknown, delivery: Delivery, channel: Channel): Fate {
  const reason = messageOf(error);
  if (isRefused(error)) return over('failed', reason);
  const limited = isAppError(error, 'limit');
  const harmless = channel.capabilities.detectsDuplicates || delivery.remoteId !== undefined;
  if (limited || harmless || isCertainlyUnsent(error)) {
    if (delivery.attempts >= MOST_ATTEMPTS) return over('failed', reason);
    return later((limited ? error.retryAfterMs : undefined) ?? pause(delivery), reason);
  }
  if (delivery.markedRepeat && delivery.attempts >= MOST_UNKNOWN) return over('uncertain', reason);
  return { kind: 'repeat', afterMs: pause(delivery), reason };
}

/** The platform will never take it. */
function isRefused(error: unknown): boolean {
  return isAppError(error, 'invalid') || isAppError(error, 'denied') || isAppError(error, 'not_found');
}

function over(state: 'failed' | 'uncertain', reason: string): Fate {
  return { kind: 'over', state, reason };
}

function later(afterMs: number, reason: string): Fate {
  return { kind: 'later', afterMs, reason };
}

function pause(delivery: Delivery): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(20, Math.max(0, delivery.attempts - 1)));
}
