/** What the last run of a job found: written by the job, read by `host status`. */
import { hostStateFolder } from '../engine/journal.ts';
import type { Machine } from '../engine/machine.ts';
import { makeParents } from '../resources/parents.ts';
import type { JobName } from './list.ts';

export interface JobResult {
  /** ISO time. */
  at: string;
  ok: boolean;
  /** One line; no secrets. */
  summary: string;
}

const pathOf = (name: JobName): string => `${hostStateFolder}/jobs/${name}.json`;

export async function writeJobResult(machine: Machine, name: JobName, result: JobResult): Promise<void> {
  await makeParents(machine, pathOf(name));
  await machine.write(pathOf(name), `${JSON.stringify(result)}\n`, { mode: 0o644, uid: 0, gid: 0 });
}

/** Undefined when it never ran, or what it left cannot be read. */
export async function readJobResult(machine: Machine, name: JobName): Promise<JobResult | undefined> {
  const text = (await machine.read(pathOf(name)))?.toString('utf8');
  try {
    return text === undefined ? undefined : (JSON.parse(text) as JobResult);
  } catch {
    return undefined;
  }
}
