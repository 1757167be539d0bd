/**
 * Owns how bytes become text that a model may read: decoded, harmless, of a bounded length. What is in the text is data that
 * strangers may have written; nothing in it may look like something else than it is.
 */

/** Terminal sequences: colours, cursor movements, titles, links. Each repetition is bounded or ends at its own terminator. */
const TERMINAL_SEQUENCES =
  // oxlint-disable-next-line no-control-regex
  /\u001b\[[0-9;:<=>?]{0,64}[ -/]{0,8}[@-~]|\u001b[\]PX^_][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)|\u001b[ -/]{0,8}[0-~]/g;

/**
 * Controls but tab and newline; characters without a width, of direction, and the "tag" letters, with which text can be hidden
 * from people or shown in another order. The joiners stay: words and emoji are made with them.
 */
const DECEIVING =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

/** Decoded as UTF-8, with a mark where it is none. A leading byte order mark is dropped. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Keeps tabs, newlines and everything that can be seen; shows the rest by its code. */
export function harmless(text: string): string {
  const clean = text.replace(TERMINAL_SEQUENCES, '').replaceAll('\r\n', '\n');
  return clean.replace(DECEIVING, (character) => `<U+${codeOf(character)}>`);
}

/** What a program wrote for a terminal: a line that rewrites itself (a progress bar) is what is left of it in the end. */
export function harmlessOutput(text: string): string {
  const clean = text.replace(TERMINAL_SEQUENCES, '').replaceAll('\r\n', '\n');
  return harmless(clean.includes('\r') ? clean.split('\n').map(lastWriting).join('\n') : clean);
}

function lastWriting(line: string): string {
  return line.split('\r').findLast((part) => part !== '') ?? '';
}

function codeOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

/** Whether showing it as text would be of no use. */
export function looksBinary(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, 8192);
  if (sample.includes(0)) return true;
  const broken = decodeText(sample).match(/\ufffd/g)?.length ?? 0;
  return broken > sample.length / 10;
}

export function describeBytes(bytes: Uint8Array, totalBytes: number): string {
  const first = [...bytes.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `${count(totalBytes)} bytes of binary data, beginning with ${first}`;
}

/** Head and tail of a text that is too long, with `[…]` between them. The result is a little longer than `maxChars` at most. */
export function shorten(text: string, maxChars: number, whereRest: string): string {
  if (text.length <= maxChars) return text;
  const head = text.slice(0, Math.ceil(maxChars * 0.6));
  const tail = text.slice(text.length - Math.floor(maxChars * 0.4));
  // Whole lines where there are any, so that no half line is taken for a line.
  const start = head.includes('\n') ? head.slice(0, head.lastIndexOf('\n') + 1) : `${head}\n`;
  const end = tail.includes('\n') ? tail.slice(tail.indexOf('\n') + 1) : tail;
  const leftOut = text.length - start.length - end.length;
  return `${start}[… ${count(leftOut)} characters left out; ${whereRest}]\n${end}`.toWellFormed();
}

/** A number with thousands apart. */
export function count(number: number): string {
  return number.toLocaleString('en-US');
}

/** How many bytes at the end are the beginning of a character whose rest is still to come. */
export function unfinishedBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return lengthOf(byte) > back ? back : 0;
  }
  return 0;
}

function lengthOf(leadByte: number): number {
  if (leadByte >= 0xf0) return 4;
  return leadByte >= 0xe0 ? 3 : 2;
}
