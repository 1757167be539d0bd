/** Owns which lines are not done with yet. A channel that ends with its last answer waits here. */

export interface OpenEvents {
  add(eventId: string): void;
  over(eventId: string): void;
  some(): boolean;
  /** Resolves when none is open, or when `signal` aborts. */
  allOver(signal: AbortSignal): Promise<void>;
}

/** `changed` is told whether any is open, each time that it may have changed. */
export function createOpenEvents(changed: (some: boolean) => void): OpenEvents {
  const open = new Set<string>();
  let waiting: (() => void)[] = [];
  return {
    add(eventId) {
      open.add(eventId);
      changed(true);
    },
    over(eventId) {
      open.delete(eventId);
      changed(open.size > 0);
      if (open.size > 0) return;
      const done = waiting;
      waiting = [];
      for (const resolve of done) resolve();
    },
    some: () => open.size > 0,
    allOver(signal) {
      if (open.size === 0 || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    },
  };
}
