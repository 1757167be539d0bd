/**
 * The histories that were read last, as they stand in the database: a conversation that goes on costs no reading and parsing of
 * all that was said, which would be most of a message's cost. Bounded by size, emptied whenever it might differ from the database.
 *
 * What comes back too late to be still there is not taken in at all: thousands of people who write in turn would only push each other out,
 * and fill the heap with what nobody reads again.
 */
import type { StoredEntry } from '../domain/session.ts';

/** Characters of JSON over all conversations; as objects they take about three times that in bytes. */
const mostCharacters = 4_000_000;
/** One long conversation must not push out all the others. */
const mostOfOne = mostCharacters / 8;
/** Of how many conversations it is known when they were read last. */
const mostKnown = 4_096;

interface Recent {
  entries: StoredEntry[];
  characters: number;
}

export class RecentHistories {
  /** The latest used last. */
  readonly #recent = new Map<number, Recent>();
  #characters = 0;
  /** How many characters had been read in all when a conversation was read last. */
  readonly #lastRead = new Map<number, number>();
  #read = 0;

  /** A list of its own; the entries are shared and never change. */
  get(conversation: number): StoredEntry[] | undefined {
    const recent = this.#recent.get(conversation);
    if (!recent) return undefined;
    this.#recent.delete(conversation);
    this.#recent.set(conversation, recent);
    this.#read += recent.characters;
    return [...recent.entries];
  }

  has(conversation: number): boolean {
    return this.#recent.has(conversation);
  }

  /** Was read from the database: kept when it comes back soon enough to be worth it. */
  offer(conversation: number, entries: readonly StoredEntry[], characters: number): void {
    this.#read += characters;
    const lastRead = this.#lastRead.get(conversation);
    this.#lastRead.delete(conversation);
    this.#lastRead.set(conversation, this.#read);
    if (this.#lastRead.size > mostKnown) this.#lastRead.delete(this.#lastRead.keys().next().value as number);
    if (lastRead === undefined || this.#read - lastRead > mostCharacters || characters > mostOfOne) return;
    this.#recent.set(conversation, { entries: [...entries], characters });
    this.#characters += characters;
    this.#shrink();
  }

  add(conversation: number, entry: StoredEntry, characters: number): void {
    const recent = this.#recent.get(conversation);
    if (!recent) return;
    recent.entries.push(entry);
    recent.characters += characters;
    this.#characters += characters;
    if (recent.characters > mostOfOne) this.drop(conversation);
    else this.#shrink();
  }

  drop(conversation: number): void {
    this.#characters -= this.#recent.get(conversation)?.characters ?? 0;
    this.#recent.delete(conversation);
  }

  clear(): void {
    this.#recent.clear();
    this.#characters = 0;
  }

  #shrink(): void {
    for (const oldest of this.#recent.keys()) {
      if (this.#characters <= mostCharacters) return;
      this.drop(oldest);
    }
  }
}
