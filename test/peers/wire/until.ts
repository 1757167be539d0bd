/**
 * Owns bounded waiting for something that a peer sees. Must never poll: it is told when there is news.
 */
interface Waiter {
  holds(): boolean;
  settle(): void;
}

export interface News {
  /** Something happened: every waiter looks again. Costs nothing while nobody waits. */
  tell(): void;
  /** Resolves once `holds` is true; rejects after `timeoutMs` with `what` in the message. */
  until(holds: () => boolean, what: () => string, timeoutMs: number): Promise<void>;
}

export function createNews(): News {
  const waiters = new Set<Waiter>();
  return {
    tell() {
      for (const waiter of waiters) if (waiter.holds()) waiter.settle();
    },
    until(holds, what, timeoutMs) {
      if (holds()) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiters.delete(waiter);
          reject(new Error(`waited ${timeoutMs} ms for ${what()}`));
        }, timeoutMs);
        const waiter: Waiter = {
          holds,
          settle() {
            waiters.delete(waiter);
            clearTimeout(timer);
            resolve();
          },
        };
        waiters.add(waiter);
      });
    },
  };
}
