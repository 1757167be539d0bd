/** Which image a file is, by its first bytes; names do not count. */

const SIGNATURES: readonly [string, RegExp][] = [
  ['image/png', /^89504e470d0a1a0a/],
  ['image/jpeg', /^ffd8ff/],
  ['image/gif', /^47494638(37|39)61/],
  ['image/webp', /^52494646.{8}57454250/],
];

/** The types that models take; undefined for all else. */
export function imageType(bytes: Uint8Array): string | undefined {
  const first = Buffer.from(bytes.subarray(0, 16)).toString('hex');
  return SIGNATURES.find(([, signature]) => signature.test(first))?.[0];
}
