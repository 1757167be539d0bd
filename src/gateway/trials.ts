/**
 * Which interrupted turn killed the process? Whoever did the same thing in the last moment before two deaths in a row, and nobody else did
 * anything in those moments; where others did, before three. Only deaths count between which it did not get any further. Who was there
 * at far too many deaths is guilty too. Everybody else goes on: at once, or, under suspicion, a little later and apart. Pure.
 */
import type { Turn } from '../domain/session.ts';
import type { Deed, Deeds } from './black-box.ts';

/** What is remembered of an interrupted turn from one life of the process to the next. */
export interface Suspicion {
  /** Lives that ended while it ran, since it last got further. */
  lives: number;
  /** What it was doing in the last moment of the latest of them, in how many in a row, and whether each time it alone did anything. */
  deed?: Deed;
  times?: number;
  alone?: boolean;
}

export type Suspicions = ReadonlyMap<string, Suspicion>;

type Interrupted = Pick<Turn, 'id' | 'deaths'>;

export interface Evidence {
  interrupted: readonly Interrupted[];
  /** As remembered by the process that died. */
  remembered: Suspicions;
  /** Turns that the dead process had taken up again itself. */
  begun: ReadonlySet<string>;
  /** Its last deeds. */
  deeds: Deeds;
}

export interface Judgement {
  guilty: Set<string>;
  /** To be remembered now. */
  suspicions: Map<string, Suspicion>;
}

const TIMES_ALONE = 2;
const TIMES_IN_A_CROWD = 3;
/** Present at so many deaths in a row is guilty, whatever it did. */
const MOST_LIVES = 20;
/** From here on it waits for the others to get on first. */
const LIVES_OF_THE_LATE = 4;
const FIRST_DELAY_MS = 3_000;
const LONGEST_DELAY_MS = 30_000;

export function judge({ interrupted, remembered, begun, deeds }: Evidence): Judgement {
  const judgement: Judgement = { guilty: new Set(), suspicions: new Map() };
  for (const { id, deaths } of interrupted) {
    // A first death, or the first since it got further: what was before is forgotten.
    const earlier = deaths > 1 ? remembered.get(id) : undefined;
    // Who had not begun again in this life is as suspicious as before.
    const now = earlier && !begun.has(id) ? earlier : suspicionOf(deeds.get(id), deeds.size === 1, earlier);
    if (now !== earlier && isGuilty(now)) judgement.guilty.add(id);
    else judgement.suspicions.set(id, now);
  }
  return judgement;
}

function suspicionOf(deed: Deed | undefined, alone: boolean, earlier: Suspicion | undefined): Suspicion {
  const lives = (earlier?.lives ?? 0) + 1;
  if (deed === undefined) return { lives };
  if (deed !== earlier?.deed) return { lives, deed, times: 1, alone };
  return { lives, deed, times: (earlier.times ?? 0) + 1, alone: alone && earlier.alone === true };
}

function isGuilty({ lives, times = 0, alone }: Suspicion): boolean {
  return times >= (alone ? TIMES_ALONE : TIMES_IN_A_CROWD) || lives >= MOST_LIVES;
}

/** `now`: all together; `apart`: one shortly after the other; `late`: after so many milliseconds, one by one. */
export type Hearing = { when: 'now' } | { when: 'apart' } | { when: 'late'; delayMs: number };

export function hearingOf({ lives, deed }: Suspicion): Hearing {
  if (lives >= LIVES_OF_THE_LATE) {
    return { when: 'late', delayMs: Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (lives - LIVES_OF_THE_LATE)) };
  }
  return deed === undefined ? { when: 'now' } : { when: 'apart' };
}

export function toText(suspicions: Suspicions): string {
  return JSON.stringify([...suspicions]);
}

/** Must not throw: it comes from disk. */
export function fromText(text: string | undefined): Suspicions {
  try {
    return new Map(JSON.parse(text ?? '[]') as [string, Suspicion][]);
  } catch {
    return new Map();
  }
}
