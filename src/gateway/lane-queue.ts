/**
 * Which lane goes next: people take turns, and within one person's lanes the one that waits longest goes first.
 * A bounded window of what waits; what does not fit waits in the store only, and `spilled` says that there is more there.
 * Pure data: constant time for each message, no clock, no store.
 */
import type { SessionKey } from '../domain/session.ts';
import { Fifo } from './fifo.ts';

export interface WindowLimits {
  lanes: number;
  /** One person's many lanes must not fill the window. */
  lanesPerSender: number;
}

export interface WaitingLane {
  key: SessionKey;
  senderId: string;
  /** How many wait, as far as is known; `NOBODY_COUNTED` when they come from the store. */
  messages: number;
}

/** More than any lane holds: it is taken from until the store says that it is empty. */
export const NOBODY_COUNTED = 1_000_000_000;

const WINDOW: WindowLimits = { lanes: 4_096, lanesPerSender: 256 };

export class LaneQueue {
  /** With how many messages are known to wait. */
  private readonly waiting = new Map<SessionKey, number>();
  private readonly bySender = new Map<string, Fifo<SessionKey>>();
  private readonly senders = new Fifo<string>();
  private readonly limits: WindowLimits;
  private takenSinceRefill = 0;
  private moreInStore = false;

  constructor(limits: WindowLimits = WINDOW) {
    this.limits = limits;
  }

  get size(): number {
    return this.waiting.size;
  }

  /** A lane has work. False when it did not fit: it must come again from the store. */
  add(key: SessionKey, senderId: string, messages: number): boolean {
    const before = this.waiting.get(key);
    if (before !== undefined) {
      this.waiting.set(key, before + messages);
      return true;
    }
    const lanes = this.bySender.get(senderId);
    if (this.waiting.size >= this.limits.lanes || (lanes && lanes.size >= this.limits.lanesPerSender)) {
      this.moreInStore = true;
      return false;
    }
    // While there is more in the store, earlier messages of this lane may be part of it.
    this.waiting.set(key, this.moreInStore ? NOBODY_COUNTED : messages);
    if (lanes) {
      lanes.push(key);
      return true;
    }
    const own = new Fifo<SessionKey>();
    own.push(key);
    this.bySender.set(senderId, own);
    this.senders.push(senderId);
    return true;
  }

  take(): WaitingLane | undefined {
    const senderId = this.senders.shift();
    if (senderId === undefined) return undefined;
    const lanes = this.bySender.get(senderId) as Fifo<SessionKey>;
    const key = lanes.shift() as SessionKey;
    // To the back of the row of people, however many lanes this one has.
    if (lanes.size > 0) this.senders.push(senderId);
    else this.bySender.delete(senderId);
    const messages = this.waiting.get(key) as number;
    this.waiting.delete(key);
    this.takenSinceRefill += 1;
    return { key, senderId, messages };
  }

  /** Time to look into the store: often enough that what waits there is not passed by for ever, and seldom enough to be cheap. */
  get wantsRefill(): boolean {
    return this.moreInStore && (this.waiting.size === 0 || this.takenSinceRefill >= this.limits.lanesPerSender);
  }

  /** @param rows the longest-waiting lanes of the store; `all` when there are no others. */
  refill(rows: readonly { sessionKey: SessionKey; senderId: string }[], all: boolean): void {
    this.takenSinceRefill = 0;
    this.moreInStore = !all;
    for (const { sessionKey, senderId } of rows) this.add(sessionKey, senderId, NOBODY_COUNTED);
  }

  /** Rows worth asking the store for. */
  get refillLimit(): number {
    return this.limits.lanesPerSender * 2;
  }

  /** There may be lanes in the store that nobody has told of, e.g. after a start. */
  expectMore(): void {
    this.moreInStore = true;
  }
}
