/** Time as an injected edge, so that tests decide what time it is. */

export interface Clock {
  /** Wall clock, milliseconds since the epoch. It may jump. */
  now(): number;
  /** Monotonic milliseconds: for waiting and measuring. It never jumps. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
