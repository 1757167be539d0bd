/** Makes a Check of what differs from one to the next. What its observation throws becomes `unobserved`: a check must not throw. */
import type { Check, Observation, Severity } from '../domain/check.ts';
import { messageOf } from '../domain/errors.ts';

export type CheckParts = Pick<Check, 'id' | 'title' | 'severity' | 'reports' | 'observe'> & Partial<Check>;

export function checkOf(parts: CheckParts): Check {
  return {
    rows: [],
    deep: false,
    dependsOn: [],
    ...parts,
    observe: async (signal) => {
      try {
        return await parts.observe(signal);
      } catch (error) {
        return unobserved(messageOf(error));
      }
    },
  };
}

export function holds(evidence: string): Observation {
  return { state: 'holds', evidence };
}

export function finding(evidence: string, remedy: string, severity?: Severity): Observation {
  return { state: 'finding', evidence, remedy, ...(severity && { severity }) };
}

export function unobserved(evidence: string, settle?: string): Observation {
  return { state: 'unobserved', evidence, ...(settle !== undefined && { settle }) };
}
