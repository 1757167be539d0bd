/**
 * Which interrupted turn killed the process? A turn that is taken up again is on trial until it gets further, and that is on disk
 * before it runs. When the process dies, whoever alone was on trial and busy is to blame. A turn that only waits for its model
 * is not busy: the process then died of something else, or was killed from outside.
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

/** What the dead process had written down. */
export interface TrialRecord {
  turnId: string;
  resting: boolean;
}

const FACT = 'recovery.trial';
/** Who does nothing for so long rests; before that, its last deed may still be felt. */
const RESTS_AFTER_MS = 150;
/** Deaths without getting further, of which one alone on trial and busy. */
const DEATHS_OF_THE_BUSY = 2;
/** Whatever it was that killed the process: it was there too often. */
const DEATHS_OF_ANY = 4;

/** Whether this turn is to be set aside. */
export function isGuilty(turn: Pick<Turn, 'id' | 'deaths'>, records: readonly TrialRecord[]): boolean {
  const busy = records.filter((record) => !record.resting);
  const [suspect, ...others] = busy.length > 0 ? busy : records;
  if (suspect?.turnId !== turn.id || others.length > 0) return false;
  return turn.deaths >= (suspect.resting ? DEATHS_OF_ANY : DEATHS_OF_THE_BUSY);
}

export class Trials {
  private readonly store: Pick<Store, 'getFact' | 'setFact' | 'durable'>;
  private readonly open = new Map<string, OpenTrial>();

  constructor(store: Pick<Store, 'getFact' | 'setFact' | 'durable'>) {
    this.store = store;
  }

  async last(): Promise<TrialRecord[]> {
    const stored = (await this.store.getFact(FACT)) ?? '';
    return stored
      .split(' ')
      .flatMap((word) => (word === '' ? [] : [{ turnId: word.replace(/~$/, ''), resting: word.endsWith('~') }]));
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
    if (this.open.size === 0) return;
    this.open.clear();
    await this.write();
  }

  private async write(): Promise<void> {
    await this.store.setFact(FACT, [...this.open.values()].map((trial) => trial.word).join(' '));
    await this.store.durable();
  }
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
