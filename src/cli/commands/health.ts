/** `openclaw health`: does the gateway run, and does every channel receive? Exit 1 where not. */
import { defineCommand } from 'citty';
import { configModel } from '../../config/model.ts';
import { resolveConfig } from '../../config/resolve.ts';
import { systemClock } from '../../domain/clock.ts';
import type { GatewayStatus } from '../../gateway/status.ts';
import { exitCodes, type ExitCode } from '../../runtime/exit-codes.ts';
import { contextOf } from '../command.ts';

export default defineCommand({
  args: { json: { type: 'boolean', description: 'print JSON' } },
  async run(call): Promise<ExitCode> {
    const { out, ...context } = contextOf(call);
    const begun = systemClock.monotonic();
    const config = resolveConfig(configModel(), await context.config());
    const client = await context.gateway();
    const running = (await client.isHealthy()) ? ((await client.call('status')) as GatewayStatus) : undefined;
    const enabled = config.channels.filter((one) => one.enabled);
    const accounts = enabled.map(({ channel, account, problem }) => {
      const live = running?.channels.find((one) => one.channel === channel && one.account === account);
      const isRunning = live?.state === 'running';
      return {
        channel,
        accountId: account,
        configured: problem === undefined,
        running: isRunning,
        lastError: problem ?? live?.reason ?? null,
      };
    });
    const ok = running !== undefined && !running.stopping && accounts.every((one) => one.running);
    const code = ok ? exitCodes.ok : exitCodes.failed;
    if (call.args.json) {
      const channels = Object.fromEntries(accounts.map(({ channel, ...rest }) => [channel, rest]));
      const times = { ts: systemClock.now(), durationMs: Math.round(systemClock.monotonic() - begun) };
      const { defaultAgentId } = config.routing;
      const agents = config.agents.map(({ id }) => ({ agentId: id, isDefault: id === defaultAgentId }));
      out.json({
        ok,
        ...times,
        gateway: running !== undefined,
        channels,
        channelOrder: Object.keys(channels),
        accounts,
        defaultAgentId,
        agents,
      });
      return code;
    }
    out.line(running ? 'Gateway: running' : 'Gateway: no gateway answers. Start it: openclaw gateway start');
    for (const one of accounts) {
      out.line(`${one.channel}/${one.accountId}: ${one.running ? 'running' : (one.lastError ?? 'not running')}`);
    }
    return code;
  },
});
