/** `openclaw host rollback`: undoes the last apply, from its own journal. */
import { defineCommand } from 'citty';
import type { ExitCode } from '../../../runtime/exit-codes.ts';
import { contextOf } from '../../command.ts';
import { confirm } from './confirm.ts';
import { hostArgs, prepareHost } from './options.ts';
import { showUndone, undoLocked } from './undo.ts';

const { json, root } = hostArgs;

export default defineCommand({
  args: { json, root, yes: { type: 'boolean', description: 'do not ask' } },
  async run(call): Promise<ExitCode> {
    const context = contextOf(call);
    const { input } = await prepareHost(call.args, context, 'rollback');
    if (!call.args.yes) await confirm('Undo the last apply?');
    return showUndone(await undoLocked(input.machine, false), context.out, call.args.json === true);
  },
});
