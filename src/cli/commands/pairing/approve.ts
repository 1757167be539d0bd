/** `openclaw pairing approve CHANNEL CODE`. */
import { defineCommand } from 'citty';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: {
    channel: { type: 'positional', required: true, description: 'e.g. telegram' },
    code: { type: 'positional', required: true, description: 'the code that the person was shown' },
    notify: { type: 'boolean', description: 'tell the person' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const store = await context.store();
    const sender = await store.pairings.approve(call.args.channel, call.args.code);
    if (call.args.notify) {
      const to = { channel: sender.channel, account: sender.account, chatId: sender.senderId };
      await store.outbox.add([{ to, part: { text: 'You may talk to this assistant now.' }, index: 0 }], false);
    }
    await store.durable();
    if (call.args.json) return out.json(sender);
    out.line(`Approved ${sender.channel} sender ${sender.senderId}${sender.senderName ? ` (${sender.senderName})` : ''}.`);
  },
});
