/**
 * Owns planned failures: what the next calls of a name suffer. Must never decide what a healthy answer is.
 */
/** One planned failure. The kinds may be combined with `delayMs`, which comes first. */
export interface Fault {
  /** How many calls suffer it; 1 unless told. Infinity lasts until `clear`. */
  times?: number;
  /** HTTP status to answer with, in the peer's own error shape, without taking effect. */
  status?: number;
  description?: string;
  /** With `status`: this text instead, as a proxy on the way would send it (text/html). */
  body?: string;
  /** For 429 (and 503): seconds, in the place where the platform tells them. */
  retryAfterSeconds?: number;
  /** "before": the connection is reset and nothing took effect. "after": it took effect, then the reset. */
  reset?: 'before' | 'after';
  /** Takes effect, announces the whole answer, sends half of it, then the connection ends. */
  truncate?: boolean;
  /** Takes effect, and is never answered. */
  silent?: boolean;
  delayMs?: number;
}

export interface Faults {
  plan(name: string, fault: Fault): void;
  /** The failure that this call of `name` suffers, used up by asking. "*" matches every name. */
  take(name: string): Fault | undefined;
  clear(): void;
}

export function createFaults(): Faults {
  const plans = new Map<string, { fault: Fault; left: number }[]>();
  function takeFrom(name: string): Fault | undefined {
    const queue = plans.get(name);
    const next = queue?.[0];
    if (queue === undefined || next === undefined) return undefined;
    next.left -= 1;
    if (next.left <= 0) queue.shift();
    if (queue.length === 0) plans.delete(name);
    return next.fault;
  }
  return {
    plan(name, fault) {
      const queue = plans.get(name) ?? [];
      queue.push({ fault, left: fault.times ?? 1 });
      plans.set(name, queue);
    },
    take(name) {
      if (plans.size === 0) return undefined;
      return takeFrom(name) ?? takeFrom('*');
    },
    clear: () => plans.clear(),
  };
}
