/**
 * Which interrupted turn killed the process? A turn that is taken up again is on trial until it gets further, and that is on disk
 * before it runs. When the process dies, whoever alone was on trial and busy is blamed; one that only waits for its model is not busy:
 * the process then died of something else, or was killed from outside. Who is blamed twice is guilty.
 */
import type { Turn } from '../domain/session.ts';
import type { Store } from '../domain/store.ts';

export interface Trial {
  /** Its journal grew, or it ended: the trial is over. */
  further(): void;
  /** It waits for its model, and does nothing for now. */
  rests(): void;
  /** It is about to do something again. Resolves when that is on disk. */
  wakes(): Promise<void>;
  /** Resolves when it has rested for the first time, or is over: the next one may begin. */
  readonly quiet: Promise<void>;
}

export interface Verdicts {
  guilty: ReadonlySet<string>;
  blames: Blames;
}

/** What the dead process had written down. */
export interface TrialRecord {
  turnId: string;
  resting: boolean;
}

const TRIAL_FACT = 'recovery.trial';
const BLAME_FACT = 'recovery.blame';
/** Stands in the place of a turn that is to blame. */
const IN_ORDER = 'stopped-in-order';
/** Who does nothing for so long rests; before that, its last deed may still be felt. */
const RESTS_AFTER_MS = 75;
const BLAMES_OF_THE_GUILTY = 2;
/** Nothing that it did is known to have killed the process, but it was always there. */
const DEATHS_OF_A_BYSTANDER = 5;

/** How often each turn was blamed since it last got further. */
export type Blames = ReadonlyMap<string, number>;

type Interrupted = Pick<Turn, 'id' | 'deaths'>;

/** The blames after this death: at most one turn gets one more. */
export function blamesOf(interrupted: readonly Interrupted[], records: readonly TrialRecord[], before: Blames): Blames {
  const blamed = blamedFor(interrupted, records);
  return new Map(
    interrupted.flatMap(({ id, deaths }) => {
      // Deaths begin anew when a turn has got further, and so do blames.
      const count = (deaths > 1 ? (before.get(id) ?? 0) : 0) + (id === blamed ? 1 : 0);
      return count > 0 ? [[id, count]] : [];
    }),
  );
}

function blamedFor(interrupted: readonly Interrupted[], records: readonly TrialRecord[]): string | undefined {
  const busy = records.filter((record) => !record.resting);
  if (busy.length === 1) return busy[0]?.turnId;
  // Nobody was on trial: then it is certain only where nothing else ran.
  const [only, ...others] = interrupted;
  return records.length === 0 && others.length === 0 ? only?.id : undefined;
}

/** Whether this turn is to be set aside. */
export function isGuilty({ id, deaths }: Interrupted, records: readonly TrialRecord[], blames: Blames): boolean {
  if ((blames.get(id) ?? 0) >= BLAMES_OF_THE_GUILTY) return true;
  return deaths >= DEATHS_OF_A_BYSTANDER && records.length === 1 && records[0]?.turnId === id;
}

export class Trials {
  private readonly store: Pick<Store, 'getFact' | 'setFact' | 'durable'>;
  private readonly open = new Map<string, OpenTrial>();

  constructor(store: Pick<Store, 'getFact' | 'setFact' | 'durable'>) {
    this.store = store;
  }

  /** Passes sentence on what the last process left; what it found is kept for the next time. */
  async judge(interrupted: readonly Interrupted[]): Promise<Verdicts> {
    const records = recordsIn(await this.store.getFact(TRIAL_FACT));
    const blames = blamesOf(interrupted, records, blamesIn(await this.store.getFact(BLAME_FACT)));
    await this.store.setFact(BLAME_FACT, [...blames].map(([id, count]) => `${id}:${count}`).join(' '));
    await this.write();
    return {
      guilty: new Set(interrupted.filter((turn) => isGuilty(turn, records, blames)).map((turn) => turn.id)),
      blames,
    };
  }

  /** Resolves when it is on disk that the turn is on trial. */
  async begin(turnId: string): Promise<Trial> {
    const trial = new OpenTrial(turnId, (over) => {
      if (over) this.open.delete(turnId);
      return this.write();
    });
    this.open.set(turnId, trial);
    await this.write();
    return trial;
  }

  /** The process ends in order: nobody is to blame for that. */
  async acquit(): Promise<void> {
    this.open.clear();
    await this.store.setFact(TRIAL_FACT, IN_ORDER);
    await this.store.durable();
  }

  /** Nothing was interrupted: the next death has nothing to do with the last end. */
  async forget(): Promise<void> {
    if ((await this.store.getFact(TRIAL_FACT)) === IN_ORDER) await this.store.setFact(TRIAL_FACT, '');
  }

  private async write(): Promise<void> {
    await this.store.setFact(TRIAL_FACT, [...this.open.values()].map((trial) => trial.word).join(' '));
    await this.store.durable();
  }
}

export function recordsIn(stored = ''): TrialRecord[] {
  return wordsOf(stored).map((word) => ({ turnId: word.replace(/~$/, ''), resting: word.endsWith('~') }));
}

function blamesIn(stored = ''): Blames {
  return new Map(wordsOf(stored).map((word) => [word.split(':')[0] as string, Number(word.split(':')[1])]));
}

function wordsOf(stored: string): string[] {
  return stored.split(' ').filter((word) => word !== '');
}

class OpenTrial implements Trial {
  readonly quiet: Promise<void>;
  private readonly turnId: string;
  /** Writes all trials down. What cannot be written is left: the next change writes it. */
  private readonly changed: (over: boolean) => Promise<void>;
  private readonly goQuiet: () => void;
  private resting = false;
  private timer: NodeJS.Timeout | undefined;
  private ended = false;

  constructor(turnId: string, changed: (over: boolean) => Promise<void>) {
    this.turnId = turnId;
    this.changed = changed;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.quiet = promise;
    this.goQuiet = resolve;
  }

  get word(): string {
    return this.resting ? `${this.turnId}~` : this.turnId;
  }

  further(): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.timer);
    this.goQuiet();
    void this.changed(true).catch(() => {});
  }

  rests(): void {
    clearTimeout(this.timer);
    if (this.ended || this.resting) return;
    this.timer = setTimeout(() => {
      this.resting = true;
      this.goQuiet();
      void this.changed(false).catch(() => {});
    }, RESTS_AFTER_MS);
  }

  async wakes(): Promise<void> {
    clearTimeout(this.timer);
    if (this.ended || !this.resting) return;
    this.resting = false;
    await this.changed(false).catch(() => {});
  }
}
