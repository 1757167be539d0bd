/** How doctor and audit tell what was observed. Findings come worst first. */
import type { Observation, Severity } from '../../domain/check.ts';
import type { Mended, Observed } from '../../checks/run.ts';
import type { Output } from '../output.ts';

export interface Finding {
  checkId: string;
  severity: Severity;
  title: string;
  detail: string;
  remediation: string;
  /** What mending changes; absent where it takes a person. */
  changes?: string;
  /** Mended without asking. */
  narrowsOnly?: boolean;
}

export interface Told {
  summary: Record<Severity, number>;
  findings: Finding[];
  /** What could not be seen, and the command that would settle it. */
  unobserved: { checkId: string; reason: string; settle?: string }[];
}

const order: readonly Severity[] = ['critical', 'warn', 'info'];
const colours = { critical: 'red', warn: 'yellow', info: 'dim' } as const;

export function tellOf(observed: readonly Observed[]): Told {
  const findings = observed
    .flatMap((one) => findingOf(one))
    .toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  const count = (severity: Severity): number => findings.filter((one) => one.severity === severity).length;
  return {
    summary: { critical: count('critical'), warn: count('warn'), info: count('info') },
    findings,
    unobserved: observed.flatMap(({ check, observation }) =>
      observation.state === 'unobserved' ? [unseen(check.id, observation)] : [],
    ),
  };
}

function findingOf({ check, observation }: Observed): Finding[] {
  if (observation.state !== 'finding') return [];
  const { mending } = check;
  return [
    {
      checkId: check.id,
      severity: observation.severity ?? check.severity,
      title: check.title,
      detail: observation.evidence,
      remediation: observation.remedy,
      ...(mending && { changes: mending.changes, narrowsOnly: mending.narrowsOnly }),
    },
  ];
}

function unseen(
  checkId: string,
  { evidence, settle }: Extract<Observation, { state: 'unobserved' }>,
): Told['unobserved'][number] {
  return { checkId, reason: evidence, ...(settle !== undefined && { settle }) };
}

/** An INFO is a remark: it makes no installation unhealthy. */
export function isClean({ summary }: Told): boolean {
  return summary.critical === 0 && summary.warn === 0;
}

export function printFindings(out: Output, { findings, unobserved }: Told): void {
  for (const { severity, checkId, title, detail, remediation, changes } of findings) {
    out.line();
    out.line(`${out.style(colours[severity], severity.toUpperCase())} ${checkId} (should be: ${title})`);
    out.line(indented(detail));
    out.line(indented(`Fix: ${remediation}`));
    if (changes !== undefined) out.line(indented(`With --fix: ${changes}`));
  }
  if (unobserved.length === 0) return;
  out.line();
  out.line('Not seen:');
  for (const { checkId, reason, settle } of unobserved)
    out.line(indented(`${checkId}: ${reason}${settle ? ` (${settle})` : ''}`));
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}

export function printMended(out: Output, mended: readonly Mended[]): void {
  out.line('FIX');
  if (mended.length === 0) out.line('  nothing to mend');
  for (const { id, ok, detail } of mended) out.line(`  ${ok ? 'done' : out.style('red', 'FAILED')} ${id}: ${detail}`);
  out.line();
}
