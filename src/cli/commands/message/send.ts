/** `openclaw message send --channel C --target ID --message TEXT`: through the outbox, so that it is not lost. */
import { defineCommand } from 'citty';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: {
    channel: { type: 'string', required: true, description: 'e.g. telegram' },
    target: { type: 'string', required: true, description: 'the id of the chat' },
    message: { type: 'string', required: true, description: 'Markdown' },
    account: { type: 'string', description: 'the bot account', default: 'default' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const to = { channel: call.args.channel, account: call.args.account, chatId: call.args.target };
    const text = call.args.message;
    const sent = await context.gatewayOr(
      (gateway) => gateway.call('message.send', { to, text }),
      async () => {
        const store = await context.store();
        await store.outbox.add([{ to, part: { text }, index: 0 }], false);
        await store.durable();
        return { queued: true };
      },
    );
    if (call.args.json) return out.json({ ok: true, ...(sent as object) });
    out.line('Stored for sending.');
  },
});
