/**
 * A check is one value: what is looked at, how it is observed, how it is mended and what mending changes.
 * `doctor`, `security audit`, the weekly job, `host status` and the control page all render the same values.
 */

export type Severity = 'critical' | 'warn' | 'info';

/**
 * - `holds`       observed to be as it should be
 * - `finding`     observed to be otherwise
 * - `unobserved`  cannot be seen here; `settle` is the command that would settle it. No finding.
 */
export type Observation =
  | { state: 'holds'; evidence: string }
  | { state: 'finding'; evidence: string; remedy: string; severity?: Severity }
  | { state: 'unobserved'; evidence: string; settle?: string };

export interface Mending {
  /** What it changes, as one sentence. */
  changes: string;
  /** It only narrows rights or modes: it may be done without asking. */
  narrowsOnly: boolean;
  /** Does it; returns what was done. Rejects with AppError when it cannot. Safe to repeat. */
  mend(): Promise<string>;
}

export interface Check {
  /** Stable, dotted; the id that people know from today's program where the meaning is the same. */
  id: string;
  title: string;
  severity: Severity;
  /** Rows of the document's table of layers (1 to 12) that it feeds. */
  rows: readonly number[];
  /** Which reports show it. */
  reports: readonly ('doctor' | 'audit' | 'host')[];
  /** It connects, executes or takes longer: only with `--deep`. */
  deep: boolean;
  /** Ids of checks without which this one says nothing; it is `unobserved` when one of them is a finding. */
  dependsOn: readonly string[];
  /** Must not throw: what goes wrong is an `unobserved` with its reason. */
  observe(signal: AbortSignal): Promise<Observation>;
  mending?: Mending;
}
