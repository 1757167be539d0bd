/** Observes checks and mends what was found. It decides nothing about a check and prints nothing. */
import type { Check, Observation } from '../domain/check.ts';
import { messageOf } from '../domain/errors.ts';
import { unobserved } from './check-of.ts';

export type Report = 'doctor' | 'audit';

export interface Observed {
  check: Check;
  observation: Observation;
}

export interface RunOptions {
  report: Report;
  deep: boolean;
  signal: AbortSignal;
}

/** In the order of the list. A check whose ground is a finding says nothing. Must not reject. */
export async function observeAll(checks: readonly Check[], { report, deep, signal }: RunOptions): Promise<Observed[]> {
  const wanted = checks.filter((check) => check.reports.includes(report) && (deep || !check.deep));
  const seen = new Map<string, Promise<Observation>>();
  const byId = new Map(checks.map((check) => [check.id, check]));
  const observe = (check: Check): Promise<Observation> => {
    const known = seen.get(check.id);
    if (known) return known;
    const observation = afterGrounds(check);
    seen.set(check.id, observation);
    return observation;
  };
  const afterGrounds = async (check: Check): Promise<Observation> => {
    for (const id of check.dependsOn) {
      const ground = byId.get(id);
      if (ground && (await observe(ground)).state === 'finding') return unobserved(`not looked at while ${id} is a finding`);
    }
    return check.observe(signal);
  };
  return Promise.all(wanted.map(async (check) => ({ check, observation: await observe(check) })));
}

export interface Mended {
  id: string;
  changes: string;
  ok: boolean;
  /** What was done, or why not. */
  detail: string;
}

/** What can be mended among the findings, one after the other: modes come first in the list, and settings need them. */
export async function mendAll(observed: readonly Observed[], mayMend: (check: Check) => boolean): Promise<Mended[]> {
  const done: Mended[] = [];
  for (const { check, observation } of observed) {
    const { mending, id } = check;
    if (observation.state !== 'finding' || !mending || !mayMend(check)) continue;
    try {
      done.push({ id, changes: mending.changes, ok: true, detail: await mending.mend() });
    } catch (error) {
      done.push({ id, changes: mending.changes, ok: false, detail: messageOf(error) });
    }
  }
  return done;
}
