/** `openclaw host remove`: takes everything away again. What people and the service made stays, and is told. */
import { defineCommand } from 'citty';
import { hostStateFolder } from '../../../host/engine/journal.ts';
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
    const { input } = await prepareHost(call.args, context, 'remove');
    if (!call.args.yes) await confirm('Stop the gateway and take all layers away, the firewall among them?');
    const undone = await undoLocked(input.machine, true);
    await input.machine.removeTree(hostStateFolder);
    return showUndone(undone, context.out, call.args.json === true);
  },
});
