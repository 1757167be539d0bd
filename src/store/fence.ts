/**
 * Turns whose latest entries were lost with a failed commit. Their journal must not go on as if nothing were missing:
 * a tool's result without its call would spoil the conversation for good.
 */
import { AppError } from '../domain/errors.ts';

export class Fence {
  readonly #touched = new Set<number>();
  readonly #fenced = new Set<number>();

  /** A verb writes to this turn in the open commit. */
  touch(turn: number): void {
    if (this.#fenced.has(turn)) {
      throw new AppError('unavailable', 'What was last written of this turn could not be kept.', {
        hint: 'The turn goes on from its last kept entry once the disk takes writes again.',
      });
    }
    this.#touched.add(turn);
  }

  committed(): void {
    this.#touched.clear();
  }

  lost(): void {
    for (const turn of this.#touched) this.#fenced.add(turn);
    this.#touched.clear();
  }

  /** Lifts the fence; returns what stood behind it. */
  open(): number[] {
    const turns = [...this.#fenced];
    this.#fenced.clear();
    return turns;
  }
}
