/** `openclaw gateway stop`: lets the running turns end, at most ten seconds. */
import { defineCommand } from 'citty';
import { contextOf } from '../../command.ts';
import { stopDaemon } from '../../daemon.ts';

export default defineCommand({
  args: { json: { type: 'boolean', description: 'print JSON' } },
  async run(call) {
    const context = contextOf(call);
    const stopped = await stopDaemon(context);
    if (call.args.json) return context.out.json({ ok: true, stopped });
    context.out.line(stopped ? 'Stopped.' : 'No gateway runs on this state directory.');
  },
});
