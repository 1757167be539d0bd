/** What `config set` and `config unset` say when they are done. */
import type { Edit } from '../../../config/edit.ts';
import { formatPath } from '../../../config/path.ts';
import { describeProblem, type Problem } from '../../../config/problems.ts';
import type { Output } from '../../output.ts';

const NEEDS = {
  live: 'Reload the gateway to apply (systemctl reload openclaw); nothing is interrupted.',
  channel: 'Reload the gateway to apply (systemctl reload openclaw); the channel reconnects.',
  gateway: 'Restart the gateway to apply.',
} as const;

export function tellEdit(out: Output, edit: Edit, verb: 'Updated' | 'Removed'): void {
  const name = formatPath(edit.path);
  out.line(edit.changed ? `${verb} ${name}. ${NEEDS[edit.restart]}` : `${name} is that already; nothing was written.`);
  tellNotes(out, edit.notes);
}

export function tellNotes(out: Output, notes: readonly Problem[]): void {
  if (notes.length === 0) return;
  out.note('As it stands the gateway would not start:');
  for (const note of notes) out.note(`  - ${describeProblem(note)}`);
}
