/** What the terminal channel needs of the place where a person reads and writes. */
import type { Readable, Writable } from 'node:stream';

/** `isTTY` and `columns` are those of a terminal's streams. */
export interface Streams {
  input: Readable & { isTTY?: boolean };
  output: Writable & { isTTY?: boolean; columns?: number };
}

export interface Surface {
  /** A person sits before it: growing text and signs make sense, and lines are taken while others are being answered. */
  readonly live: boolean;
  /** The lines as they are entered. Ends with the input, when `signal` aborts, and when nobody reads the output any more. */
  lines(signal: AbortSignal): AsyncIterable<string>;
  /** Shows whole lines. Resolves when they are written; rejects when the output is gone. */
  print(lines: readonly string[]): Promise<void>;
  /** Shows that something is being done, or no longer. */
  busy(busy: boolean): void;
  /** The person wants to leave at once, without waiting for answers. */
  readonly interrupted: boolean;
}

/** Makes sure that what an agent or a tool wrote cannot steer the terminal: of control characters only line ends and tabs stay,
 * and nothing turns the writing direction. */
export function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|[\u202A-\u202E\u2066-\u2069]/gu, '');
}
