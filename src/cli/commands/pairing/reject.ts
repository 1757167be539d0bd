/** `openclaw pairing reject CHANNEL CODE`: the request is gone, and what was written stays refused. */
import { defineCommand } from 'citty';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: {
    channel: { type: 'positional', required: true, description: 'e.g. telegram' },
    code: { type: 'positional', required: true, description: 'the code that the person was shown' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const store = await context.store();
    const request = await store.pairings.reject(call.args.channel, call.args.code);
    await store.durable();
    if (call.args.json) return out.json(request);
    out.line(`Rejected ${request.channel} sender ${request.senderId}.`);
  },
});
