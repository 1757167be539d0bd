/** Owns a bounded number of places, given in the order of asking. It does not know what stands on them. */

interface Waiter {
  give(): void;
}

export class Places {
  readonly #most: () => number;
  readonly #waiters: Waiter[] = [];
  #taken = 0;

  constructor(most: () => number) {
    this.#most = most;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /** Resolves when a place is ours; rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const withdraw = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        give: () => {
          signal.removeEventListener('abort', withdraw);
          resolve();
        },
      };
      this.#waiters.push(waiter);
      signal.addEventListener('abort', withdraw, { once: true });
      this.settle();
    });
  }

  free(): void {
    this.#taken -= 1;
    this.settle();
  }

  /** Gives what there is; to be called again when the limit may have changed. */
  settle(): void {
    while (this.#waiters.length > 0 && this.#taken < this.#most()) {
      this.#taken += 1;
      this.#waiters.shift()?.give();
    }
  }
}
