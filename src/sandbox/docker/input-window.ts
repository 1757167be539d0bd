/**
 * Owns the flow of bytes to one command or file: no more than a window of them is unacknowledged, so that one that does not
 * read fills nobody's memory and holds no other up.
 */
import type { AppError } from '../../domain/errors.ts';
import type { Link } from './link.ts';

const windowBytes = 256 * 1024;
const pieceBytes = 64 * 1024;

export class InputWindow {
  readonly #link: Link;
  readonly #id: number;
  #inFlight = 0;
  #failed: AppError | undefined;
  #wake: (() => void) | undefined;
  /** Writes follow one another. */
  #last: Promise<void> = Promise.resolve();

  constructor(link: Link, id: number) {
    this.#link = link;
    this.#id = id;
  }

  /** Resolves when all of it is on its way. Rejects when the receiver has ended before. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#after(() => this.#send(bytes));
  }

  end(): Promise<void> {
    return this.#after(async () => {
      if (!this.#failed) this.#link.send('E', this.#id);
    });
  }

  taken(bytes: number): void {
    this.#inFlight -= bytes;
    this.#wake?.();
  }

  fail(error: AppError): void {
    this.#failed ??= error;
    this.#wake?.();
  }

  #after(work: () => Promise<void>): Promise<void> {
    const next = this.#last.then(work);
    this.#last = next.catch(() => {});
    return next;
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      while (this.#inFlight >= windowBytes && !this.#failed) await this.#room();
      if (this.#failed) throw this.#failed;
      const piece = bytes.subarray(at, at + pieceBytes);
      this.#inFlight += piece.length;
      this.#link.send('I', this.#id, piece);
    }
  }

  #room(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}
