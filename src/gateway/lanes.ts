/**
 * Runs the lanes: each session's turns strictly one after the other, sessions side by side, people in turns, at most so many at once.
 * Waiting messages stay in the store; what is kept here is bounded. It neither knows what a turn does nor speaks to anyone.
 */
import { TurnAbort } from '../agent/parts.ts';
import type { AbortKind } from '../agent/parts.ts';
import type { Log } from '../domain/log.ts';
import type { QueueMode, QueuedMessage, Session, SessionKey, Turn } from '../domain/session.ts';
import type { QueueSettings } from '../domain/settings.ts';
import type { Inbox, Store } from '../domain/store.ts';
import { LaneQueue, NOBODY_COUNTED } from './lane-queue.ts';
import type { WaitingLane, WindowLimits } from './lane-queue.ts';

const AFTER_ABORT_MS = 1_000;

export interface ClaimedTurn {
  turn: Turn;
  session: Session;
}

/** A lane whose turn runs. */
export interface RunningLane {
  readonly key: SessionKey;
  readonly senderId: string;
  readonly controller: AbortController;
  /** Undefined while the turn is being claimed. */
  claimed: ClaimedTurn | undefined;
  /** How many messages are known to wait behind the turn. */
  waiting: number;
  /** Adds to the turn what waits, where the session's queue mode says so. */
  join(): Promise<QueuedMessage[]>;
}

export interface LaneParts {
  store: { inbox: Pick<Inbox, 'claim' | 'join' | 'readyLanes'>; sessions: Pick<Store['sessions'], 'get'> };
  queue(): QueueSettings;
  /** Turns that may run at once. */
  mostRunning(): number;
  /** Runs a turn and ends it. What it rejects with is logged; the lane goes on. */
  run(claimed: ClaimedTurn, lane: RunningLane): Promise<void>;
  log: Log;
  window?: WindowLimits;
}

export interface Wake {
  key: SessionKey;
  senderId: string;
  messages: number;
  /** Wait this long for more of the same before the turn starts. */
  patienceMs?: number;
}

export class Lanes {
  private readonly parts: LaneParts;
  private readonly queue: LaneQueue;
  private readonly lanes = new Map<SessionKey, RunningLane>();
  /** Lanes that wait a moment for more before their collected turn. */
  private readonly held = new Map<SessionKey, { timer: NodeJS.Timeout; wake: Wake; release(messages: number): void }>();
  private refilling = false;
  private draining = false;
  private whenIdle: (() => void) | undefined;

  constructor(parts: LaneParts) {
    this.parts = parts;
    this.queue = new LaneQueue(parts.window);
  }

  get running(): ReadonlyMap<SessionKey, RunningLane> {
    return this.lanes;
  }

  /** New messages are in the store. Call it in the same turn of the event loop, so that the claim shares their commit. */
  wake(wake: Wake): void {
    const lane = this.lanes.get(wake.key);
    if (lane) {
      lane.waiting += wake.messages;
      if (lane.claimed && this.modeOf(lane.claimed.session) === 'interrupt') abort(lane, 'interrupt');
      return;
    }
    const held = this.held.get(wake.key);
    const patienceMs = wake.patienceMs ?? (held ? this.parts.queue().debounceMs : 0);
    const messages = wake.messages + (held?.wake.messages ?? 0);
    if (patienceMs > 0) return this.hold({ ...wake, messages }, patienceMs);
    if (held) return held.release(messages);
    this.queue.add(wake.key, wake.senderId, wake.messages);
    this.pump();
  }

  /** The store may hold lanes with work that nobody woke, as after a start. */
  wakeFromStore(): void {
    this.queue.expectMore();
    this.pump();
  }

  /** A turn of this lane, that did not run here, is over: what waits behind it may go on. */
  wakeAll(key: SessionKey): void {
    this.wake({ key, senderId: '', messages: NOBODY_COUNTED });
  }

  /** Goes on with a turn that a dead process or a lost commit left running. It does not count against the bound on starting. */
  async resume(claimed: ClaimedTurn): Promise<void> {
    const key = claimed.turn.sessionKey;
    // A claim that was under way finds nothing to claim, and is over within moments.
    while (this.lanes.has(key)) await new Promise((resolve) => setImmediate(resolve));
    const lane = this.open({ key, senderId: claimed.turn.messages[0]?.sender.id ?? '', messages: NOBODY_COUNTED });
    await this.runLane(lane, async () => claimed);
  }

  /** Aborts the running turn of a session; false when none runs. */
  stop(key: SessionKey): boolean {
    const lane = this.lanes.get(key);
    if (!lane?.claimed) return false;
    abort(lane, 'stop');
    return true;
  }

  /** Starts no more turns; resolves when none runs. Those that still run after `graceMs` are left for the next start. */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    for (const { timer } of this.held.values()) clearTimeout(timer);
    this.held.clear();
    if (this.lanes.size === 0) return;
    const idle = new Promise<void>((resolve) => (this.whenIdle = resolve));
    const grace = setTimeout(() => this.lanes.forEach((lane) => abort(lane, 'shutdown')), graceMs);
    // What does not heed its signal must not hold up the end: its turn is left like the others.
    const late = new Promise<void>((resolve) => setTimeout(resolve, graceMs + AFTER_ABORT_MS).unref());
    await Promise.race([idle, late]);
    clearTimeout(grace);
  }

  private pump(): void {
    while (!this.draining && this.lanes.size < this.parts.mostRunning()) {
      const next = this.queue.take();
      if (!next) break;
      // Between being woken from the store and now it may have begun to run.
      const running = this.lanes.get(next.key);
      if (running) running.waiting += next.messages;
      else this.start(next);
    }
    if (this.queue.wantsRefill && !this.refilling && !this.draining) void this.refill();
  }

  private async refill(): Promise<void> {
    this.refilling = true;
    try {
      const limit = this.queue.refillLimit;
      const rows = await this.parts.store.inbox.readyLanes(limit);
      const free = rows.filter(({ sessionKey }) => !this.lanes.has(sessionKey) && !this.held.has(sessionKey));
      this.queue.refill(free, rows.length < limit);
    } catch (error) {
      this.parts.log.warn({ error }, 'waiting lanes could not be read; they are looked at again with the next message');
      return;
    } finally {
      this.refilling = false;
    }
    if (this.queue.size > 0) this.pump();
  }

  private start(waiting: WaitingLane): void {
    const lane = this.open(waiting);
    void this.runLane(lane, async () => {
      const take = await this.takeOf(lane);
      // Every message that was told of before this call is seen by it; those told of while it is under way stay counted.
      const known = lane.waiting;
      const claimed = await this.parts.store.inbox.claim(lane.key, take);
      lane.waiting -= claimed ? Math.min(known, claimed.turn.messages.length) : known;
      return claimed;
    });
  }

  private open({ key, senderId, messages }: WaitingLane): RunningLane {
    const lane: RunningLane = {
      key,
      senderId,
      controller: new AbortController(),
      claimed: undefined,
      waiting: messages,
      join: () => this.join(lane),
    };
    this.lanes.set(key, lane);
    return lane;
  }

  private async runLane(lane: RunningLane, claim: () => Promise<ClaimedTurn | undefined>): Promise<void> {
    try {
      lane.claimed = await claim();
      if (lane.claimed) await this.parts.run(lane.claimed, lane);
    } catch (error) {
      this.parts.log.error({ error, session: lane.key }, 'a lane stopped before its turn was ended');
    }
    this.close(lane);
  }

  private close(lane: RunningLane): void {
    this.lanes.delete(lane.key);
    if (lane.waiting > 0) this.again(lane);
    this.pump();
    if (this.lanes.size === 0) this.whenIdle?.();
  }

  private again(lane: RunningLane): void {
    const wake = { key: lane.key, senderId: lane.senderId, messages: lane.waiting };
    const { debounceMs, cap } = this.parts.queue();
    const collects = !lane.claimed || this.modeOf(lane.claimed.session) !== 'followup';
    // People often write on while they wait: a moment of patience makes one answer of it.
    if (!this.draining && debounceMs > 0 && collects && wake.messages < cap) this.hold(wake, debounceMs);
    else this.queue.add(wake.key, wake.senderId, wake.messages);
  }

  private hold(wake: Wake, patienceMs: number): void {
    clearTimeout(this.held.get(wake.key)?.timer);
    const release = (messages: number): void => {
      clearTimeout(this.held.get(wake.key)?.timer);
      this.held.delete(wake.key);
      this.queue.add(wake.key, wake.senderId, messages);
      this.pump();
    };
    if (wake.messages >= this.parts.queue().cap) return release(wake.messages);
    this.held.set(wake.key, { wake, release, timer: setTimeout(() => release(wake.messages), patienceMs) });
  }

  /** How much of the lane one turn takes. */
  private async takeOf(lane: RunningLane): Promise<{ all: boolean; most: number }> {
    const { cap, mode, modeByChannel } = this.parts.queue();
    // One message is one turn in every mode, and a conversation's own mode need not be looked up for it.
    const rarely = mode !== 'followup' && !Object.values(modeByChannel).includes('followup');
    if (lane.waiting === 1 && rarely) return { all: true, most: cap };
    const session = await this.parts.store.sessions.get(lane.key);
    return this.modeOf(session) === 'followup' ? { all: false, most: 1 } : { all: true, most: cap };
  }

  private modeOf(session: Session | undefined): QueueMode {
    const { mode, modeByChannel } = this.parts.queue();
    if (session?.settings.queueMode) return session.settings.queueMode;
    return (session && modeByChannel[session.address.channel]) ?? mode;
  }

  private async join(lane: RunningLane): Promise<QueuedMessage[]> {
    if (!lane.claimed || lane.waiting === 0 || this.modeOf(lane.claimed.session) !== 'steer') return [];
    const known = lane.waiting;
    const messages = await this.parts.store.inbox.join(lane.claimed.turn.id);
    lane.waiting -= messages.length === 0 ? known : Math.min(known, messages.length);
    return messages;
  }
}

function abort(lane: RunningLane, kind: AbortKind): void {
  lane.controller.abort(new TurnAbort(kind));
}
