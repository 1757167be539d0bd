/**
 * What was being done in the last moments of the process, in a small file that outlives it: which turns had just asked their model
 * or begun a tool. It is written without waiting for the disk, which a SIGKILL does not ask for either, and says nothing of what
 * went well for a moment longer. The next process reads it to find out who may be to blame.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** What a turn was doing. The same at two deaths in a row is no accident. */
export type Deed = 'asks' | `runs ${string}`;

/** By turn id. */
export type Deeds = ReadonlyMap<string, Deed>;

export interface BlackBox {
  /** The last deeds of the process before this one. */
  readonly before: Deeds;
  /** Must not throw. Forgotten after `holdMs`, or when the turn does something else. */
  note(turnId: string, deed: Deed, holdMs: number): void;
  done(turnId: string): void;
  close(): void;
}

/** Opens the file, or makes it. Where that fails the box is deaf, and nobody is ever blamed. */
export function openBlackBox(path: string): BlackBox {
  const before = readDeeds(path);
  let file: number | undefined;
  try {
    // Not truncated: what it says stands until the first deed of this process.
    file = openSync(path, 'a+', 0o600);
    closeSync(file);
    file = openSync(path, 'r+');
  } catch {
    file = undefined;
  }
  return new OpenBox(before, file);
}

/** A tool's name is a model's choice, and must not speak of another turn. */
const UNSAFE = /[^\w -]/g;

class OpenBox implements BlackBox {
  readonly before: Deeds;
  private file: number | undefined;
  private readonly deeds = new Map<string, { deed: Deed; untilMs: number }>();
  private timer: NodeJS.Timeout | undefined;
  private timerAtMs = Infinity;

  constructor(before: Deeds, file: number | undefined) {
    this.before = before;
    this.file = file;
    this.write();
  }

  note(turnId: string, deed: Deed, holdMs: number): void {
    if (this.file === undefined) return;
    const untilMs = performance.now() + holdMs;
    this.deeds.set(turnId, { deed, untilMs });
    this.write();
    this.sweepAt(untilMs);
  }

  done(turnId: string): void {
    if (this.deeds.delete(turnId)) this.write();
  }

  close(): void {
    clearTimeout(this.timer);
    this.deeds.clear();
    this.write();
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  private sweep(): void {
    this.timerAtMs = Infinity;
    const now = performance.now();
    let nextMs = Infinity;
    for (const [turnId, { untilMs }] of this.deeds) {
      if (untilMs <= now + 1) this.deeds.delete(turnId);
      else nextMs = Math.min(nextMs, untilMs);
    }
    this.write();
    if (nextMs < Infinity) this.sweepAt(nextMs);
  }

  private sweepAt(atMs: number): void {
    if (atMs >= this.timerAtMs) return;
    clearTimeout(this.timer);
    this.timerAtMs = atMs;
    this.timer = setTimeout(() => this.sweep(), Math.max(0, atMs - performance.now())).unref();
  }

  /** One write of one line; what an earlier, longer line has left behind its end is not read. */
  private write(): void {
    if (this.file === undefined) return;
    try {
      const words = [...this.deeds].map(([turnId, { deed }]) => `${turnId} ${deed.replace(UNSAFE, '_')}`);
      writeSync(this.file, `${words.join(';')}\n`, 0);
    } catch {
      this.file = undefined;
    }
  }
}

function readDeeds(path: string): Deeds {
  try {
    const [line = ''] = readFileSync(path, 'utf8').split('\n', 1);
    return new Map(
      line.split(';').flatMap((word): [string, Deed][] => {
        const [turnId, ...deed] = word.split(' ');
        return turnId && deed.length > 0 ? [[turnId, deed.join(' ') as Deed]] : [];
      }),
    );
  } catch {
    return new Map();
  }
}
