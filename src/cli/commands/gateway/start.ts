/** `openclaw gateway start`: in the background; returns when it answers, or says why it does not. */
import { defineCommand } from 'citty';
import { contextOf } from '../../command.ts';
import { startDaemon } from '../../daemon.ts';

export default defineCommand({
  args: { json: { type: 'boolean', description: 'print JSON' } },
  async run(call) {
    const context = contextOf(call);
    const { pid, alreadyRan } = await startDaemon(context);
    if (call.args.json) return context.out.json({ ok: true, pid, alreadyRan });
    context.out.line(alreadyRan ? `A gateway runs already, process ${pid}.` : `Started, process ${pid}.`);
  },
});
