/**
 * Exact counts of every state, without a scan: each change is noted in memory and written once with the commit that it belongs to,
 * so that a thousand messages of one commit cost a handful of updates. A verb or commit that is undone takes its notes back.
 */
import type { DeliveryState, MessageState } from '../domain/store.ts';
import type { Database, Statement } from './sqlite.ts';

export const messageStates: readonly MessageState[] = ['queued', 'running', 'answered', 'refused', 'quarantined'];
export const deliveryStates: readonly DeliveryState[] = ['queued', 'sending', 'sent', 'failed', 'uncertain'];

type CounterName = `message.${MessageState}` | `delivery.${DeliveryState}`;

export const counterNames: readonly CounterName[] = [
  ...messageStates.map((state) => `message.${state}` as const),
  ...deliveryStates.map((state) => `delivery.${state}` as const),
];

export class Counters {
  readonly #places = new Map(counterNames.map((name, place) => [name, place]));
  readonly #noted = new Float64Array(counterNames.length);
  readonly #marked = new Float64Array(counterNames.length);
  readonly #write: Statement;
  readonly #read: Statement;

  constructor(database: Database) {
    this.#write = database.statement(
      'INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value',
    );
    this.#read = database.statement('SELECT name, value FROM counters');
  }

  add(name: CounterName, change: number): void {
    const place = this.#places.get(name) as number;
    this.#noted[place] = (this.#noted[place] as number) + change;
  }

  /** What is written and what is noted. */
  values(): Record<CounterName, number> {
    const written = new Map(this.#read.all<{ name: CounterName; value: number }>().map((row) => [row.name, row.value]));
    const entries = counterNames.map((name, place) => [name, (written.get(name) ?? 0) + (this.#noted[place] as number)]);
    return Object.fromEntries(entries) as Record<CounterName, number>;
  }

  /** A verb begins. */
  mark(): void {
    this.#marked.set(this.#noted);
  }

  /** The verb was undone. */
  restore(): void {
    this.#noted.set(this.#marked);
  }

  /** Part of the commit. */
  write(): void {
    counterNames.forEach((name, place) => {
      const change = this.#noted[place] as number;
      if (change !== 0) this.#write.run(name, change);
    });
  }

  /** The commit is done, or lost. */
  clear(): void {
    this.#noted.fill(0);
  }
}
