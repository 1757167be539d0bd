/** Owns a window of lines of a file that comes in pieces: counts what it passes over, keeps what is wanted, up to a size. */

const newline = 10;

export class LineWindow {
  readonly #first: number;
  readonly #last: number;
  readonly #maxBytes: number;
  readonly #taken: Buffer[] = [];
  #takenBytes = 0;
  /** Lines that have ended. */
  #ended = 0;
  /** A line has begun and not ended. */
  #inLine = false;

  constructor({ first, last, maxBytes }: { first: number; last: number; maxBytes: number }) {
    this.#first = first;
    this.#last = last;
    this.#maxBytes = maxBytes;
  }

  /** Nothing that comes now would change it. */
  get full(): boolean {
    return this.#ended >= this.#last || this.#takenBytes > this.#maxBytes;
  }

  /** Lines passed over or taken, the one that has only begun too. */
  get seen(): number {
    return this.#ended + (this.#inLine ? 1 : 0);
  }

  /** The number of bytes that it looked at: fewer than there are when it is full. */
  add(piece: Buffer): number {
    let start = 0;
    while (start < piece.length && !this.full) {
      const found = piece.indexOf(newline, start);
      const end = found === -1 ? piece.length : found + 1;
      if (this.#ended + 1 >= this.#first) {
        this.#taken.push(piece.subarray(start, end));
        this.#takenBytes += end - start;
      }
      this.#inLine = found === -1;
      if (found !== -1) this.#ended += 1;
      start = end;
    }
    return start;
  }

  /**
   * What is wanted and fits: whole lines, or the beginning of the first when that alone is too long (`cut`).
   * `last` is the number of the last line in it, 0 when there is none.
   */
  result(): { bytes: Buffer; last: number; cut: boolean } {
    const all = Buffer.concat(this.#taken);
    if (all.length <= this.#maxBytes) return { bytes: all, last: all.length === 0 ? 0 : this.seen, cut: false };
    const lastNewline = all.subarray(0, this.#maxBytes).lastIndexOf(newline);
    if (lastNewline === -1) return { bytes: all.subarray(0, this.#maxBytes), last: this.#first, cut: true };
    const bytes = all.subarray(0, lastNewline + 1);
    return { bytes, last: this.#first + bytes.filter((byte) => byte === newline).length - 1, cut: false };
  }
}
