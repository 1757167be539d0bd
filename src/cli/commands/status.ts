/** `openclaw status`: this installation at a glance. Exit 0 also where no gateway runs: it says so. */
import { defineCommand } from 'citty';
import { configModel } from '../../config/model.ts';
import { resolveConfig } from '../../config/resolve.ts';
import type { GatewayStatus } from '../../gateway/status.ts';
import { version } from '../../version.ts';
import { tellOf } from '../checks/report.ts';
import { runSession } from '../checks/session.ts';
import { contextOf } from '../command.ts';
import { ago } from '../time.ts';

export default defineCommand({
  args: { json: { type: 'boolean', description: 'print JSON' } },
  async run(call) {
    const context = contextOf(call);
    const { out } = context;
    const { configPath, stateDir } = context.paths();
    const config = resolveConfig(configModel(), await context.config());
    const client = await context.gateway();
    const running = (await client.isHealthy()) ? ((await client.call('status')) as GatewayStatus) : undefined;
    const quick = { deep: false, fix: false, yes: false };
    const { summary } = tellOf((await runSession(context, { report: 'audit', ...quick })).observed);
    const agent = config.agents.find(({ id }) => id === config.routing.defaultAgentId);
    const model = agent?.models[0] ?? null;
    const channels = config.channels.map(({ channel, account, enabled }) => {
      const live = running?.channels.find((one) => one.channel === channel && one.account === account);
      return { channel, account, enabled, state: live?.state ?? 'stopped' };
    });
    if (call.args.json) {
      const gateway = { running: running !== undefined, ...running };
      return out.json({ version, configPath, stateDir, model, gateway, channels, securityAudit: { summary } });
    }
    const { critical, warn, info } = summary;
    out.table(
      ['OpenClaw', version],
      [
        ['Config', configPath],
        ['State', stateDir],
        [
          'Gateway',
          running
            ? `127.0.0.1:${config.gateway.port}, up since ${ago(running.startedAtMs)}`
            : 'not running: openclaw gateway start',
        ],
        ['Model', model ?? 'chosen by itself: openclaw models status'],
        ['Security', `${critical} critical · ${warn} warn · ${info} info`],
      ],
      '',
    );
    out.line();
    out.table(
      ['CHANNEL', 'ACCOUNT', 'ENABLED', 'STATE'],
      channels.map((one) => [one.channel, one.account, one.enabled ? 'yes' : 'no', one.state]),
      'No channel is configured.',
    );
  },
});
