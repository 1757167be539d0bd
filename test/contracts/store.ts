// What every store promises, as one suite. Knows no database.
// `make` gives a place of its own; `open` opens what stands there, again after a `close` (as a process that died would find it).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Clock } from '../../src/domain/clock.ts';
import type { Store } from '../../src/domain/store.ts';
import { StillClock } from './store-messages.ts';
import { inboxContract } from './store-inbox.ts';
import { outboxContract } from './store-outbox.ts';
import { pairingContract } from './store-pairings.ts';
import { sessionContract } from './store-sessions.ts';
import { turnContract } from './store-turns.ts';

export interface StorePlace {
  open(clock: Clock): Promise<Store>;
  remove(): Promise<void>;
}

export interface StoreBed {
  store: Store;
  clock: StillClock;
  /** Closes the store and opens it again. */
  again(): Promise<Store>;
}

/** A test with a store of its own, which must be whole at the end. */
export type StoreTest = (name: string, body: (bed: StoreBed) => Promise<void>) => void;

export function storeContract(make: () => Promise<StorePlace>): void {
  const storeTest: StoreTest = (name, body) => {
    test(name, async () => {
      const place = await make();
      const clock = new StillClock();
      const bed: StoreBed = {
        store: await place.open(clock),
        clock,
        again: async () => {
          await bed.store.close();
          bed.store = await place.open(clock);
          return bed.store;
        },
      };
      try {
        await body(bed);
        assert.deepEqual(await bed.store.check(), { ok: true, problems: [] });
      } finally {
        await bed.store.close();
        await place.remove();
      }
    });
  };
  describe('inbox and lanes', () => inboxContract(storeTest));
  describe('turns', () => turnContract(storeTest));
  describe('sessions', () => sessionContract(storeTest));
  describe('outbox', () => outboxContract(storeTest));
  describe('pairings', () => pairingContract(storeTest));
  describe('facts', () => {
    storeTest('a fact is what was set last, also after a restart', async ({ store, again }) => {
      assert.equal(await store.getFact('instance'), undefined);
      await store.setFact('instance', 'one');
      await store.setFact('instance', 'two');
      assert.equal(await store.getFact('instance'), 'two');
      assert.equal(await (await again()).getFact('instance'), 'two');
    });
  });
}
