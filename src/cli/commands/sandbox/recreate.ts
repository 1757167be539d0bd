/** `openclaw sandbox recreate --all | --session KEY`: destroys sandboxes; the next tool call makes new ones. */
import { defineCommand } from 'citty';
import { AppError } from '../../../domain/errors.ts';
import { contextOf } from '../../command.ts';
import { dockerOf } from '../../docker.ts';

export default defineCommand({
  args: {
    all: { type: 'boolean', description: 'those of every session' },
    session: { type: 'string', description: 'those of one session' },
    force: { type: 'boolean', description: 'accepted; nothing is asked anyway' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const { all, session } = call.args;
    if (!all && session === undefined) {
      throw new AppError('invalid', 'Say which: --all, or --session KEY.', { hint: 'See: openclaw sandbox list' });
    }
    const done = (await context.gatewayOr(
      (gateway) => gateway.call('sandboxes.end', session === undefined ? {} : { sessionKey: session }),
      async () => ({ ended: (await (await dockerOf(context)).sweep()).length }),
    )) as { ended: number };
    if (call.args.json) return out.json(done);
    out.line(`Done: ${done.ended} removed.`);
  },
});
