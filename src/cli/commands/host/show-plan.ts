/** Planned changes as text: layer by layer, each with its diff. */
import type { PlannedChange } from '../../../host/engine/apply.ts';
import type { ExitCode } from '../../../runtime/exit-codes.ts';
import type { Output } from '../../output.ts';

/** 2, as `diff` and `terraform plan -detailed-exitcode` say it: there are changes. */
export function showPlan(changes: readonly PlannedChange[], out: Output, json: boolean): ExitCode {
  if (json) out.json({ changes });
  else if (changes.length === 0) out.line('Nothing to change.');
  else showChanges(changes, out);
  return changes.length === 0 ? 0 : 2;
}

function showChanges(changes: readonly PlannedChange[], out: Output): void {
  let layer = '';
  for (const change of changes) {
    if (change.layer !== layer) out.line(out.style('bold', change.layer));
    layer = change.layer;
    out.line(`  ${change.summary}`);
    for (const line of change.diff) out.line(`      ${out.style(colourOf(line), line)}`);
  }
  out.line();
  out.line(`${changes.length} ${changes.length === 1 ? 'change' : 'changes'}. To make them: openclaw host apply`);
}

function colourOf(line: string): 'green' | 'red' | 'dim' {
  if (line.startsWith('+')) return 'green';
  return line.startsWith('-') ? 'red' : 'dim';
}
