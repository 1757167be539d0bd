/**
 * After a start: what the dead process left behind goes on. Turns from their journal, commands once more, deliveries as far as
 * that can be done without sending anything twice unmarked.
 *
 * A turn that may itself have killed the process is put on trial (`trials.ts`) and set aside when it is found guilty;
 * nobody else is ever blamed.
 */
import type { Channel } from '../domain/channel.ts';
import { messageOf } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import type { Address } from '../domain/message.ts';
import type { Delivery, QueuedCommand, Store } from '../domain/store.ts';
import { MOST_UNKNOWN } from './delivery.ts';
import type { ClaimedTurn } from './lanes.ts';
import { Trials } from './trials.ts';
import type { Trial } from './trials.ts';

export interface RecoveryParts {
  store: Store;
  /** Goes on with a turn; resolves when it has ended or was left. Must not reject. */
  resume(claimed: ClaimedTurn, trial?: Trial): Promise<void>;
  quarantine(claimed: ClaimedTurn): Promise<void>;
  runCommand(command: QueuedCommand): Promise<void>;
  /** Sends what is `sending` and durable. */
  send(deliveries: readonly Delivery[]): void;
  /** Rows wait in the outbox. */
  queued(rows: number): void;
  channelOf(to: Pick<Address, 'channel' | 'account'>): Channel | undefined;
  log: Log;
}

const TRIED_FACT = 'recovery.tried';
/** So long a suspect runs before the next one begins beside it; less where there are many. */
const MOST_APART_MS = 100;
const ALL_BEGUN_MS = 1_500;
/** Between attempts to take up what a full disk has left. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

export class Recovery {
  private readonly parts: RecoveryParts;
  private readonly trials: Trials;
  private again: NodeJS.Timeout | undefined;
  private stopped = false;
  private pauseMs = FIRST_PAUSE_MS;

  constructor(parts: RecoveryParts) {
    this.parts = parts;
    this.trials = new Trials(parts.store);
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

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.again);
    await this.attempt('trials', () => this.trials.acquit());
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
    const { log } = this.parts;
    if (interrupted.length === 0) return this.trials.forget();
    const { guilty, blames } = await this.trials.judge(interrupted.map(({ turn }) => turn));
    log.info({ turns: interrupted.length, quarantined: guilty.size }, 'interrupted turns go on');
    for (const claimed of interrupted) if (guilty.has(claimed.turn.id)) await this.parts.quarantine(claimed);
    const suspects = interrupted.filter(({ turn }) => !guilty.has(turn.id));
    // Who was blamed already comes last: it then harms nobody who is innocent.
    const rankOf = ({ turn }: ClaimedTurn): number => blames.get(turn.id) ?? 0;
    await this.hearAll(suspects.toSorted((one, other) => rankOf(one) - rankOf(other)));
  }

  /**
   * Those that died once begin one shortly after the other, so that whoever kills at once is alone on trial for it, and all have begun
   * within two seconds. Those that died more often come last, each alone until it gets further or only waits for its model.
   */
  private async hearAll(suspects: readonly ClaimedTurn[]): Promise<void> {
    const once = suspects.filter(({ turn }) => turn.deaths <= 1);
    const apartMs = Math.min(MOST_APART_MS, ALL_BEGUN_MS / Math.max(1, once.length));
    const heard: Promise<void>[] = [];
    for (const claimed of once) {
      const quiet = this.hear(claimed);
      heard.push(quiet);
      await Promise.race([quiet, pause(apartMs)]);
    }
    await Promise.all(heard);
    for (const claimed of suspects) if (!once.includes(claimed)) await this.hear(claimed);
  }

  /** Resolves when the turn has got further, has ended, or waits for its model. */
  private async hear(claimed: ClaimedTurn): Promise<void> {
    if (this.stopped) return;
    const trial = await this.trials.begin(claimed.turn.id);
    void this.parts.resume(claimed, trial).finally(() => trial.further());
    await trial.quiet;
  }
}

function valueOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

function isPreview(delivery: Delivery): boolean {
  return delivery.part.text === '' && !delivery.part.file;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
