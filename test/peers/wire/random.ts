/**
 * Owns repeatable chance: the same seed gives the same cuts, so a failing run can be run again.
 */

/** Numbers from 0 up to, not including, 1 (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Cuts a length into pieces of 1 to `largest`; together they are the whole. */
export function pieces(length: number, largest: number, random: () => number): number[] {
  const sizes: number[] = [];
  let left = length;
  while (left > 0) {
    const size = Math.min(left, 1 + Math.floor(random() * largest));
    sizes.push(size);
    left -= size;
  }
  return sizes;
}
