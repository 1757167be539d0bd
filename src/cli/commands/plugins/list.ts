/** `openclaw plugins list`: the channels that there are, and which of them are switched on. */
import { defineCommand } from 'citty';
import { configModel } from '../../../config/model.ts';
import { resolveConfig } from '../../../config/resolve.ts';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: { json: { type: 'boolean', description: 'print JSON' } },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const model = configModel();
    const accounts = resolveConfig(model, await context.config()).channels;
    const plugins = model.channels.map(({ id, title }) => ({
      id,
      title,
      enabled: accounts.some(({ channel, enabled }) => channel === id && enabled),
    }));
    if (call.args.json) return out.json({ plugins });
    out.table(
      ['PLUGIN', 'TITLE', 'ENABLED'],
      plugins.map(({ id, title, enabled }) => [id, title, enabled ? 'yes' : 'no']),
      'There is no plugin.',
    );
  },
});
