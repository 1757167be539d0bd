/** Pairing codes: 8 characters of 32, from the system's randomness, compared in constant time. */
import { randomBytes, timingSafeEqual } from 'node:crypto';

const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const length = 8;

/** Uniform: 256 is a multiple of 32. */
export function newPairingCode(): string {
  return Array.from(randomBytes(length), (byte) => letters[byte % letters.length]).join('');
}

/** Looks at every candidate, in the same time for each. Upper and lower case are the same. */
export function matchingCode<Candidate extends { code: string }>(
  given: string,
  candidates: readonly Candidate[],
): Candidate | undefined {
  const wanted = Buffer.alloc(length + 1);
  wanted.write(given.trim().toUpperCase());
  let found: Candidate | undefined;
  for (const candidate of candidates) {
    const code = Buffer.alloc(length + 1);
    code.write(candidate.code);
    if (timingSafeEqual(wanted, code)) found = candidate;
  }
  return found;
}
