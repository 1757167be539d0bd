/** What `rollback` and `remove` share: undo from the journal, and tell. */
import { takeLock } from '../../../host/engine/lock.ts';
import type { Machine } from '../../../host/engine/machine.ts';
import { rollback, type Undone } from '../../../host/engine/rollback.ts';
import type { ExitCode } from '../../../runtime/exit-codes.ts';
import type { Output } from '../../output.ts';

export async function undoLocked(machine: Machine, all: boolean): Promise<Undone[]> {
  const release = machine.live ? takeLock(process.pid) : () => {};
  try {
    return await rollback(machine, { all });
  } finally {
    release();
  }
}

export function showUndone(undone: readonly Undone[], out: Output, json: boolean): ExitCode {
  const problems = undone.filter(({ problem }) => problem !== undefined);
  if (json) out.json({ undone });
  else if (undone.length === 0) out.line('There is nothing to undo.');
  else out.line(`${undone.length - problems.length} changes undone.`);
  for (const { summary, problem } of problems) out.note(`left: ${summary}: ${problem}`);
  return 0;
}
