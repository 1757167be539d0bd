/** `openclaw host repair`: puts back what verify finds broken. Exit code 0: all holds again, 1: something is left. */
import { defineCommand } from 'citty';
import { takeLock } from '../../../host/engine/lock.ts';
import { repair } from '../../../host/engine/repair.ts';
import { findingsOf } from '../../../host/engine/verify.ts';
import { recordVerification } from '../../../host/verification-record.ts';
import type { ExitCode } from '../../../runtime/exit-codes.ts';
import { contextOf } from '../../command.ts';
import { journalId } from './apply.ts';
import { hostArgs, prepareHost, type HostWork } from './options.ts';
import { progressOf, type Progress } from './progress.ts';
import { showResults } from './show-results.ts';

export default defineCommand({
  args: hostArgs,
  async run(call): Promise<ExitCode> {
    const context = contextOf(call);
    const { out } = context;
    const work = await prepareHost(call.args, context, 'repair');
    const { changes, after } = await repairLocked(work, progressOf(out));
    const record = { at: new Date().toISOString(), results: after.results };
    if (work.input.machine.live && call.args.only === undefined) await recordVerification(work.input.machine, record);
    if (!call.args.json) out.line(changes === 0 ? 'Nothing to put back.' : `${changes} changes made.`);
    showResults(record, out, { json: call.args.json === true, all: false });
    return findingsOf(after.results).length === 0 ? 0 : 1;
  },
});

async function repairLocked({ layers, input }: HostWork, progress: Progress): ReturnType<typeof repair> {
  const release = input.machine.live ? takeLock(process.pid) : () => {};
  try {
    return await repair(layers, input, { id: journalId(), ...progress });
  } finally {
    release();
  }
}
