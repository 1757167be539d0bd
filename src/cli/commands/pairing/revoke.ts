/** `openclaw pairing revoke CHANNEL ID`: from the next message on this person is a stranger again. */
import { defineCommand } from 'citty';
import { AppError } from '../../../domain/errors.ts';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: {
    channel: { type: 'positional', required: true, description: 'e.g. telegram' },
    id: { type: 'positional', required: true, description: 'the id of the person on the platform' },
    account: { type: 'string', description: 'the bot account', default: 'default' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const { channel, id, account } = call.args;
    const store = await context.store();
    if (!(await store.pairings.revoke(channel, account, id))) {
      throw new AppError('not_found', `Nobody with the id ${id} is approved on ${channel}.`, {
        hint: 'Who is: openclaw pairing list. Ids in channels.*.allowFrom are removed with: openclaw config set',
      });
    }
    await store.durable();
    if (call.args.json) return out.json({ channel, account, senderId: id, revoked: true });
    out.line(`Revoked ${channel} sender ${id}.`);
  },
});
