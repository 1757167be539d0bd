/** `openclaw gateway restart`. */
import { defineCommand } from 'citty';
import { contextOf } from '../../command.ts';
import { startDaemon, stopDaemon } from '../../daemon.ts';

export default defineCommand({
  args: { json: { type: 'boolean', description: 'print JSON' } },
  async run(call) {
    const context = contextOf(call);
    await stopDaemon(context);
    const { pid } = await startDaemon(context);
    if (call.args.json) return context.out.json({ ok: true, pid });
    context.out.line(`Started, process ${pid}.`);
  },
});
