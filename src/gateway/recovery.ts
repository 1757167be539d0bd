/**
 * After a start: what the dead process left behind goes on. Turns from their journal, commands once more, deliveries as far as
 * that can be done without sending anything twice unmarked.
 *
 * A turn that may itself have killed the process goes on apart from the others (`trials.ts`), and is set aside when it is guilty.
 */
import type { Channel } from '../domain/channel.ts';
import { messageOf } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import type { Address } from '../domain/message.ts';
import type { Delivery, QueuedCommand, Store } from '../domain/store.ts';
import type { BlackBox } from './black-box.ts';
import { MOST_UNKNOWN } from './delivery.ts';
import type { ClaimedTurn } from './lanes.ts';
import { fromText, hearingOf, judge, toText } from './trials.ts';
import type { Judgement, Suspicions } from './trials.ts';

export interface RecoveryParts {
  store: Store;
  /** Goes on with a turn; resolves when it has ended or was left. Must not reject. */
  resume(claimed: ClaimedTurn): Promise<void>;
  quarantine(claimed: ClaimedTurn): Promise<void>;
  runCommand(command: QueuedCommand): Promise<void>;
  /** Sends what is `sending` and durable. */
  send(deliveries: readonly Delivery[]): void;
  /** Rows wait in the outbox. */
  queued(rows: number): void;
  channelOf(to: Pick<Address, 'channel' | 'account'>): Channel | undefined;
  blackBox: BlackBox;
  log: Log;
}

const TRIED_FACT = 'recovery.tried';
const SUSPICIONS_FACT = 'recovery.suspicions';
const BEGUN_FACT = 'recovery.begun';
/** In the place of a turn: the process ended in order, which is nobody's fault. */
const IN_ORDER = 'ended-in-order';
/** Those under suspicion begin so far apart that the last deed of one is forgotten before the next one begins; all within two seconds. */
const MOST_APART_MS = 60;
/** The first questions of a process take longer, and so does the moment in which they may be to blame. */
const FIRST_QUESTIONS_MS = 350;
const ALL_BEGUN_MS = 1_200;
/** Between attempts to take up what a full disk has left. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

export class Recovery {
  private readonly parts: RecoveryParts;
  /** Turns that this process has taken up again. */
  private readonly begun = new Set<string>();
  private readonly pauses = new Set<() => void>();
  private again: NodeJS.Timeout | undefined;
  private stopped = false;
  private pauseMs = FIRST_PAUSE_MS;

  constructor(parts: RecoveryParts) {
    this.parts = parts;
  }

  /**
   * Called once, in the same turn of the event loop in which the channels begin, before any of them can have brought anything:
   * what the store holds as running now was left by a dead process, and nothing of it is our own.
   * Must not reject: what fails here is logged, and everything else goes on.
   */
  async start(): Promise<void> {
    const { outbox, inbox, turns } = this.parts.store;
    const left = Promise.allSettled([outbox.interrupted(), inbox.unfinishedCommands(), turns.interrupted()]);
    const [deliveries, commands, running] = await left;
    await this.attempt('deliveries', async () => this.deliveries(valueOf(deliveries)));
    await this.attempt('commands', async () => this.commands(valueOf(commands)));
    await this.attempt('turns', async () => this.turns(valueOf(running)));
  }

  /** The store lost what was written of a turn: it is taken up again once the disk takes writes. */
  left(): void {
    if (this.again || this.stopped) return;
    this.again = setTimeout(() => {
      this.again = undefined;
      void this.takeUpAgain();
    }, this.pauseMs);
  }

  private async takeUpAgain(): Promise<void> {
    const { store, resume, log } = this.parts;
    try {
      // Tried with something small first: a turn that cannot be kept would only ask its model in vain.
      await store.setFact(TRIED_FACT, String(this.pauseMs));
      await store.durable();
      for (const claimed of await store.turns.interrupted()) void resume(claimed);
      this.pauseMs = FIRST_PAUSE_MS;
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'the disk takes no writes yet');
      this.pauseMs = Math.min(LONGEST_PAUSE_MS, this.pauseMs * 2);
      this.left();
    }
  }

  /** The process ends in order: whoever runs now is not to blame for that. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.again);
    for (const end of this.pauses) end();
    this.parts.blackBox.close();
    await this.attempt('stop', () => this.remember(BEGUN_FACT, IN_ORDER));
  }

  private async attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.parts.log.error({ error, what }, 'something that was interrupted could not be taken up again');
    }
  }

  private async deliveries(interrupted: readonly Delivery[]): Promise<void> {
    const { store } = this.parts;
    const again: Delivery[] = [];
    let marked = 0;
    for (const delivery of interrupted) {
      // A preview belongs to its turn, which goes on and finishes it.
      if (isPreview(delivery)) continue;
      if (this.isSafeToRepeat(delivery)) again.push(delivery);
      else if (delivery.attempts > MOST_UNKNOWN)
        await store.outbox.fail(delivery.id, 'uncertain', 'it was never known whether it arrived');
      else {
        await store.outbox.resendMarked(delivery.id);
        marked += 1;
      }
    }
    await store.durable();
    this.parts.send(again);
    const { queued } = await store.outbox.counts();
    if (queued > 0) this.parts.queued(queued);
    if (interrupted.length > 0) this.parts.log.info({ again: again.length, marked }, 'interrupted deliveries go on');
  }

  /** An edit shows the same again; some platforms drop a second message with the same key. */
  private isSafeToRepeat(delivery: Delivery): boolean {
    return delivery.remoteId !== undefined || this.parts.channelOf(delivery.to)?.capabilities.detectsDuplicates === true;
  }

  private async commands(unfinished: readonly QueuedCommand[]): Promise<void> {
    for (const command of unfinished) await this.parts.runCommand(command);
  }

  private async turns(interrupted: readonly ClaimedTurn[]): Promise<void> {
    const { store, log } = this.parts;
    const begun = (await store.getFact(BEGUN_FACT)) ?? '';
    if (interrupted.length === 0) return begun === '' ? undefined : this.remember(BEGUN_FACT, '');
    const { guilty, suspicions } = await this.judge(interrupted, begun);
    log.info({ turns: interrupted.length, quarantined: guilty.size }, 'interrupted turns go on');
    for (const claimed of interrupted) if (guilty.has(claimed.turn.id)) await this.parts.quarantine(claimed);
    await this.hearAll(interrupted, suspicions);
  }

  private async judge(interrupted: readonly ClaimedTurn[], begun: string): Promise<Judgement> {
    const { store, blackBox } = this.parts;
    const inOrder = begun === IN_ORDER;
    const judgement = judge({
      interrupted: interrupted.map(({ turn }) => turn),
      remembered: fromText(await store.getFact(SUSPICIONS_FACT)),
      begun: new Set(begun.split(' ')),
      deeds: inOrder ? new Map() : blackBox.before,
    });
    await store.setFact(BEGUN_FACT, '');
    await this.remember(SUSPICIONS_FACT, toText(judgement.suspicions));
    return judgement;
  }

  private async hearAll(interrupted: readonly ClaimedTurn[], suspicions: Suspicions): Promise<void> {
    const hearings = interrupted.flatMap((claimed) => {
      const suspicion = suspicions.get(claimed.turn.id);
      return suspicion ? [{ claimed, ...hearingOf(suspicion) }] : [];
    });
    const now = hearings.filter(({ when }) => when === 'now').map(({ claimed }) => claimed);
    const apart = hearings.filter(({ when }) => when === 'apart').map(({ claimed }) => claimed);
    await this.begin(now);
    const apartMs = Math.min(MOST_APART_MS, ALL_BEGUN_MS / Math.max(1, apart.length));
    if (now.length > 0 && apart.length > 0) await this.pause(FIRST_QUESTIONS_MS);
    for (const claimed of apart) {
      await this.pause(apartMs);
      await this.begin([claimed]);
    }
    for (const hearing of hearings) {
      if (hearing.when !== 'late') continue;
      await this.pause(hearing.delayMs);
      await this.begin([hearing.claimed]);
    }
  }

  /** That they run is on disk before they do. */
  private async begin(turns: readonly ClaimedTurn[]): Promise<void> {
    if (this.stopped || turns.length === 0) return;
    for (const { turn } of turns) this.begun.add(turn.id);
    await this.remember(BEGUN_FACT, [...this.begun].join(' '));
    for (const claimed of turns) void this.parts.resume(claimed);
  }

  private async remember(name: string, value: string): Promise<void> {
    await this.parts.store.setFact(name, value);
    await this.parts.store.durable();
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.pauses.delete(end);
        resolve();
      };
      const timer = setTimeout(end, this.stopped ? 0 : ms);
      this.pauses.add(end);
    });
  }
}

function valueOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

function isPreview(delivery: Delivery): boolean {
  return delivery.part.text === '' && !delivery.part.file;
}
