/** `openclaw channels list`: what is configured, and what is missing in it. */
import { defineCommand } from 'citty';
import { channels } from '../../../channels/index.ts';
import { configModel } from '../../../config/model.ts';
import { resolveConfig } from '../../../config/resolve.ts';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: { json: { type: 'boolean', description: 'print JSON' } },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const configured = resolveConfig(configModel(), await context.config()).channels;
    const rows = configured.map(({ channel, account, name, enabled, admission, problem }) => ({
      channel,
      account,
      name: name ?? null,
      enabled,
      dmPolicy: admission.dmPolicy,
      groupPolicy: admission.groupPolicy,
      problem: problem ?? null,
    }));
    if (call.args.json) return out.json({ known: channels.map(({ id, title }) => ({ id, title })), channels: rows });
    out.table(
      ['CHANNEL', 'ACCOUNT', 'ENABLED', 'DIRECT', 'GROUPS', 'PROBLEM'],
      rows.map((one) => [one.channel, one.account, one.enabled ? 'yes' : 'no', one.dmPolicy, one.groupPolicy, one.problem ?? '']),
      'No channel is configured. Add one: openclaw config set channels.telegram.botToken --stdin',
    );
  },
});
