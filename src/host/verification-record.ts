/** When the host was verified last, and what came of it: written by `verify`, read by `status`. */
import { hostStateFolder } from './engine/journal.ts';
import type { Machine } from './engine/machine.ts';
import type { Verified } from './engine/verify.ts';
import { makeParents } from './resources/parents.ts';

const path = `${hostStateFolder}/verified.json`;

export interface VerificationRecord {
  /** ISO time. */
  at: string;
  results: Verified[];
}

export async function recordVerification(machine: Machine, record: VerificationRecord): Promise<void> {
  await makeParents(machine, path);
  await machine.write(path, `${JSON.stringify(record)}\n`, { mode: 0o644, uid: 0, gid: 0 });
}

/** Undefined when it was never verified, or the record cannot be read. */
export async function lastVerification(machine: Machine): Promise<VerificationRecord | undefined> {
  const text = (await machine.read(path))?.toString('utf8');
  try {
    return text === undefined ? undefined : (JSON.parse(text) as VerificationRecord);
  } catch {
    return undefined;
  }
}
