/** How much of a background command's output the model has seen, so that the next look shows what is new. */
import type { BackgroundProcess } from '../domain/tool.ts';

const positions = new WeakMap<BackgroundProcess, number>();

export function shownUpTo(entry: BackgroundProcess): number {
  return positions.get(entry) ?? 0;
}

export function markShown(entry: BackgroundProcess, position: number): void {
  positions.set(entry, position);
}
