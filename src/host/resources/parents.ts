/** Directories above a path that are not there yet: root's, for everybody to read. */
import { dirname } from 'node:path';
import type { Machine } from '../engine/machine.ts';
import type { Undo } from '../engine/resource.ts';

/** The uppermost first. */
async function missingParents(machine: Machine, path: string): Promise<string[]> {
  const missing: string[] = [];
  for (let at = dirname(path); at !== '/' && !(await machine.state(at)); at = dirname(at)) missing.unshift(at);
  return missing;
}

export async function makeParents(machine: Machine, path: string): Promise<void> {
  for (const parent of await missingParents(machine, path)) {
    await machine.makeDirectory(parent, { mode: 0o755, uid: 0, gid: 0 });
  }
}

/** `undo`, and after it the parents that will have been made for it. */
export async function undoParents(machine: Machine, path: string, undo: Undo): Promise<Undo> {
  const made = (await missingParents(machine, path)).toReversed();
  if (made.length === 0) return undo;
  return { kind: 'several', undos: [undo, ...made.map((one) => ({ kind: 'directory' as const, path: one, before: undefined }))] };
}
