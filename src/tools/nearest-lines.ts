/** Finds the lines of a text that look most like a part that does not occur in it: for an error that helps. */
import { harmless } from './text-for-model.ts';

const mostLinesCompared = 20_000;
const mostLinesShown = 12;
/** Below it two lines have nothing to do with each other. */
const leastLikeness = 0.6;

export function nearestLines(text: string, part: string): { line: number; text: string } | undefined {
  const lines = text.split('\n', mostLinesCompared);
  const first = part.split('\n').find((line) => line.trim() !== '');
  if (first === undefined) return undefined;
  let best = { likeness: 0, index: 0 };
  for (const [index, line] of lines.entries()) {
    const likeness = likenessOf(line, first);
    if (likeness > best.likeness) best = { likeness, index };
  }
  if (best.likeness < leastLikeness) return undefined;
  const shown = lines.slice(best.index, best.index + Math.min(part.split('\n').length, mostLinesShown));
  return { line: best.index + 1, text: harmless(shown.map((line) => line.slice(0, 300)).join('\n')) };
}

/** Share of letter pairs in common, blanks at the ends aside: 1 for the same, 0 for nothing. */
function likenessOf(one: string, other: string): number {
  const [a, b] = [one.trim().slice(0, 300), other.trim().slice(0, 300)];
  if (a === b) return 1;
  if (Math.min(a.length, b.length) * 4 < Math.max(a.length, b.length)) return 0;
  const pairs = pairsOf(a);
  let shared = 0;
  for (const pair of pairsOf(b)) if (pairs.has(pair)) shared += 1;
  return (2 * shared) / Math.max(1, pairs.size + pairsOf(b).size);
}

function pairsOf(text: string): Set<string> {
  return new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, index) => text.slice(index, index + 2)));
}
