/** `openclaw pairing list`: who asks to talk, and who may. */
import { defineCommand } from 'citty';
import { contextOf } from '../../command.ts';
import { ago } from '../../time.ts';

export default defineCommand({
  args: {
    channel: { type: 'positional', required: false, description: 'only this channel, e.g. telegram' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const store = await context.store();
    const requests = await store.pairings.pending(call.args.channel);
    const allowed = await store.pairings.allowed(call.args.channel);
    if (call.args.json) return out.json({ channel: call.args.channel ?? null, requests, allowed });
    out.table(
      ['CODE', 'CHANNEL', 'ID', 'NAME', 'ASKED', 'WROTE'],
      requests.map((one) => [
        one.code,
        one.channel,
        one.senderId,
        one.senderName ?? '',
        ago(one.createdAtMs),
        one.firstText ?? '',
      ]),
      'Nobody waits to be let in.',
    );
    out.line();
    out.table(
      ['MAY TALK', 'CHANNEL', 'ACCOUNT', 'NAME', 'SINCE'],
      allowed.map((one) => [one.senderId, one.channel, one.account, one.senderName ?? '', ago(one.approvedAtMs)]),
      'Nobody was approved yet.',
    );
  },
});
