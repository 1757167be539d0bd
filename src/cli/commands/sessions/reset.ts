/** `openclaw sessions reset KEY`: the next message starts a new conversation. */
import { defineCommand } from 'citty';
import { AppError } from '../../../domain/errors.ts';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: {
    key: { type: 'positional', required: true, description: 'a session key, see: openclaw sessions list' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const key = call.args.key;
    const done = await context.gatewayOr(
      (gateway) => gateway.call('sessions.reset', { key }),
      async () => {
        const store = await context.store();
        const session = await store.sessions.reset(key);
        if (!session) throw new AppError('not_found', `There is no session ${key}.`, { hint: 'See: openclaw sessions list' });
        await store.durable();
        return { ok: true, key };
      },
    );
    if (call.args.json) return out.json(done);
    out.line(`${key} starts anew.`);
  },
});
