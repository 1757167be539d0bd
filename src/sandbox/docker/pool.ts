/**
 * Owns what waits ready-made: a few items for each key. Must never give one out twice, and never one that has ended.
 */

export interface PoolItem {
  /** Resolves when it is of no use any more. */
  readonly ended: Promise<unknown>;
  remove(): Promise<void>;
}

export interface Pool<Item extends PoolItem> {
  /** The oldest one of this key, ready or about to be; undefined when there is none. */
  take(key: string): Promise<Item> | undefined;
  /** Makes as many as should wait, in the background. Failures are told to `onFailure`; the next call tries again. */
  fill(key: string, make: () => Promise<Item>): void;
  /** Removes all that wait, also those that are being made. Must not throw. */
  close(): Promise<void>;
}

export interface PoolOptions {
  /** Items that wait for each key. */
  size: number;
  /** Keys that are kept; the one that was used longest ago goes first. */
  maxKeys: number;
  onFailure: (error: unknown) => void;
}

export function createPool<Item extends PoolItem>(options: PoolOptions): Pool<Item> {
  /** The map's order is the order of use. */
  const shelves = new Map<string, Promise<Item>[]>();
  const leaving = new Set<Promise<void>>();
  let closed = false;

  const discard = (shelf: readonly Promise<Item>[]): void => {
    for (const waiting of shelf) {
      const left = waiting.then(
        (item) => item.remove(),
        () => {},
      );
      leaving.add(left);
      void left.finally(() => leaving.delete(left));
    }
  };

  const stock = (shelf: Promise<Item>[], make: () => Promise<Item>): void => {
    const waiting = make();
    const drop = (): void => void (shelf.includes(waiting) && shelf.splice(shelf.indexOf(waiting), 1));
    shelf.push(waiting);
    waiting.then(
      (item) => void item.ended.then(drop),
      (error: unknown) => {
        drop();
        options.onFailure(error);
      },
    );
  };

  return {
    take: (key) => shelves.get(key)?.shift(),
    fill(key, make) {
      if (closed || options.size === 0) return;
      const shelf = shelves.get(key) ?? [];
      shelves.delete(key);
      shelves.set(key, shelf);
      while (shelf.length < options.size) stock(shelf, make);
      for (const [oldest, old] of shelves) {
        if (shelves.size <= options.maxKeys) break;
        shelves.delete(oldest);
        discard(old);
      }
    },
    async close() {
      closed = true;
      for (const shelf of shelves.values()) discard(shelf);
      shelves.clear();
      await Promise.allSettled(leaving);
    },
  };
}
