/** What was verified, as text or JSON. */
import { findingsOf, type Verified } from '../../../host/engine/verify.ts';
import type { VerificationRecord } from '../../../host/verification-record.ts';
import type { Output } from '../../output.ts';

const marks = { holds: ['green', 'holds'], finding: ['red', 'finding'], unobserved: ['yellow', 'not observable here'] } as const;

export function showResults(
  { at, results }: VerificationRecord,
  out: Output,
  { json, all }: { json: boolean; all: boolean },
): void {
  const findings = findingsOf(results);
  if (json) return out.json({ ok: findings.length === 0, at, results: results.map(flat) });
  for (const one of results) if (all || one.observation.state !== 'holds') showOne(one, out);
  const count = (state: string): number => results.filter(({ observation }) => observation.state === state).length;
  out.line(`${count('holds')} hold, ${findings.length} findings, ${count('unobserved')} not observable here.`);
}

function flat({ observation, ...rest }: Verified): Record<string, unknown> {
  return { ...rest, ...observation };
}

function showOne({ layer, title, observation }: Verified, out: Output): void {
  const [colour, word] = marks[observation.state];
  out.line(`${out.style(colour, word)}  ${layer}: ${title}`);
  out.line(`    ${observation.evidence}`);
  if (observation.state === 'finding') out.line(`    mend: ${observation.remedy}`);
  if (observation.state === 'unobserved' && observation.settle) out.line(`    settle: ${observation.settle}`);
}
