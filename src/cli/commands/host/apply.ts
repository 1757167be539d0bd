/** `openclaw host apply`: makes the layers. Safe to run again; after a failure it goes on where it stopped. */
import { defineCommand } from 'citty';
import { AppError } from '../../../domain/errors.ts';
import { apply, plan } from '../../../host/engine/apply.ts';
import { takeLock } from '../../../host/engine/lock.ts';
import { requireSpace } from '../../../host/preconditions.ts';
import type { ExitCode } from '../../../runtime/exit-codes.ts';
import { contextOf } from '../../command.ts';
import { confirm } from './confirm.ts';
import { hostArgs, prepareHost, type HostWork } from './options.ts';
import { progressOf } from './progress.ts';
import { showPlan } from './show-plan.ts';

export default defineCommand({
  args: {
    ...hostArgs,
    yes: { type: 'boolean', description: 'do not ask' },
    'dry-run': { type: 'boolean', description: 'the same as plan' },
  },
  async run(call): Promise<ExitCode> {
    const context = contextOf(call);
    const { out } = context;
    const json = call.args.json === true;
    const work = await prepareHost(call.args, context, 'apply');
    if (call.args['dry-run']) return showPlan(await plan(work.layers, work.input), out, json);
    if (!call.args.yes && showPlan(await plan(work.layers, work.input), out, false) !== 0) await confirm('Change this host?');
    const changes = await applyLocked(work, progressOf(out));
    if (json) out.json({ changes });
    else out.line(changes === 0 ? 'Nothing to change.' : `${changes} changes made. To see that they hold: openclaw host verify`);
    return 0;
  },
});

async function applyLocked({ layers, input }: HostWork, progress: ReturnType<typeof progressOf>): Promise<number> {
  await requireSpace(input);
  const release = input.machine.live ? takeLock(process.pid) : () => {};
  try {
    return await apply(layers, input, { id: journalId(), ...progress });
  } catch (error) {
    throw error instanceof AppError ? error : whatFailed(error);
  } finally {
    release();
  }
}

export function journalId(): string {
  return new Date().toISOString().replaceAll(':', '-');
}

/** The file system's own refusals, in words. Anything else is a bug and stays one. */
function whatFailed(error: unknown): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === undefined || !['EROFS', 'EACCES', 'EPERM', 'EIO', 'EDQUOT'].includes(code)) return error;
  return new AppError('unavailable', `${path ?? 'A file'} could not be written (${code}).`, {
    hint: 'Mend that, then run the same command again: it goes on where it stopped.',
    cause: error,
  });
}
