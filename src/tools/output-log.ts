/** Owns what one command wrote, both streams in the order of arrival: the first and the last bytes of it, and how many there were. */
import { count, decodeText, unfinishedBytes } from './text-for-model.ts';

export class OutputLog {
  readonly #halfBytes: number;
  readonly #head: Uint8Array[] = [];
  readonly #tail: Uint8Array[] = [];
  #headBytes = 0;
  #tailBytes = 0;
  #seen = 0;

  constructor(maxBytes: number) {
    this.#halfBytes = Math.floor(maxBytes / 2);
  }

  readonly add = (bytes: Uint8Array): void => {
    this.#seen += bytes.length;
    const forHead = bytes.slice(0, this.#halfBytes - this.#headBytes);
    if (forHead.length > 0) this.#head.push(forHead);
    this.#headBytes += forHead.length;
    if (forHead.length === bytes.length) return;
    const forTail = bytes.slice(Math.max(forHead.length, bytes.length - this.#halfBytes));
    this.#tail.push(forTail);
    this.#tailBytes += forTail.length;
    this.#dropOldest();
  };

  bytesSeen(): number {
    return this.#seen;
  }

  /** Everything that is kept, with a line where something is missing. */
  bytes(): Uint8Array {
    return this.#from(0);
  }

  text(): string {
    return decodeText(this.bytes());
  }

  /** What came after `position` bytes, up to the last whole character, and the position to go on from. */
  since(position: number): { text: string; position: number } {
    const bytes = this.#from(position);
    const unfinished = unfinishedBytes(bytes);
    return { text: decodeText(bytes.subarray(0, bytes.length - unfinished)), position: this.#seen - unfinished };
  }

  #from(position: number): Uint8Array {
    const head = Buffer.concat(this.#head).subarray(Math.min(position, this.#headBytes));
    const tail = Buffer.concat(this.#tail);
    const tailStart = this.#seen - tail.length;
    const missing = tailStart - Math.max(position, this.#headBytes);
    if (missing <= 0) return Buffer.concat([head, tail.subarray(Math.max(0, position - tailStart))]);
    return Buffer.concat([head, Buffer.from(`\n[… ${count(missing)} bytes not kept]\n`), tail]);
  }

  #dropOldest(): void {
    while (this.#tail[0] && this.#tailBytes - this.#tail[0].length >= this.#halfBytes) {
      this.#tailBytes -= this.#tail[0].length;
      this.#tail.shift();
    }
  }
}
