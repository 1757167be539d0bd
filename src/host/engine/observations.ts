/** The three things that a check can say, and the shape that all checks of the host share. */
import type { Check, Mending, Observation, Severity } from '../../domain/check.ts';
import { messageOf } from '../../domain/errors.ts';
import type { Machine } from './machine.ts';

export const holds = (evidence: string): Observation => ({ state: 'holds', evidence });

export const finding = (evidence: string, remedy: string): Observation => ({ state: 'finding', evidence, remedy });

export const unobserved = (evidence: string, settle?: string): Observation =>
  settle === undefined ? { state: 'unobserved', evidence } : { state: 'unobserved', evidence, settle };

export interface HostCheck {
  id: string;
  title: string;
  severity?: Severity;
  rows: readonly number[];
  observe: () => Promise<Observation>;
  mending?: Mending;
}

/** What it throws is told as `unobserved`: a check that breaks is not a check that holds. */
export function hostCheck({ id, title, severity = 'critical', rows, observe, mending }: HostCheck): Check {
  return {
    id: `host.${id}`,
    title,
    severity,
    rows,
    reports: ['host'],
    deep: true,
    dependsOn: [],
    observe: () => observe().catch((error: unknown) => unobserved(`it could not be looked at: ${messageOf(error)}`)),
    ...(mending && { mending }),
  };
}

/** Mends by starting a unit anew. */
export function restarting(machine: Machine, unit: string): Mending {
  return {
    changes: `Restarts ${unit}.`,
    narrowsOnly: false,
    async mend() {
      await machine.run('systemctl', ['reset-failed', unit]);
      const result = await machine.run('systemctl', ['restart', unit], { timeoutMs: 180_000 });
      return result.code === 0 ? `restarted ${unit}` : `${unit} does not start: ${result.stderr.trim()}`;
    },
  };
}
