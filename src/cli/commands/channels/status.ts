/** `openclaw channels status [--probe]`: whether they run, and whether the platform accepts their credentials. */
import { defineCommand } from 'citty';
import { createChannel } from '../../../app/channels.ts';
import { loadConfig, below } from '../../../config/load.ts';
import { configModel } from '../../../config/model.ts';
import { resolveConfig } from '../../../config/resolve.ts';
import { systemClock } from '../../../domain/clock.ts';
import { messageOf } from '../../../domain/errors.ts';
import { silentLog } from '../../../domain/log.ts';
import type { ChannelAccountSettings } from '../../../domain/settings.ts';
import type { GatewayStatus } from '../../../gateway/status.ts';
import { exitCodes, type ExitCode } from '../../../runtime/exit-codes.ts';
import { contextOf } from '../../command.ts';

const PROBE_MS = 10_000;

interface Row {
  channel: string;
  account: string;
  state: string;
  bot: string;
  note: string;
}

export default defineCommand({
  args: {
    probe: { type: 'boolean', description: 'ask the platform' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call): Promise<ExitCode> {
    const { out, ...context } = contextOf(call);
    const loaded = await loadConfig(configModel(), {
      locations: context.paths(),
      purpose: 'look',
      follow: below(call.args.probe ? [] : ['gateway']),
    });
    const accounts = resolveConfig(configModel(), loaded).channels.filter(({ enabled }) => enabled);
    const gateway = await context.gateway();
    const running = (await gateway.isHealthy()) ? ((await gateway.call('status')) as GatewayStatus) : undefined;
    const rows = await Promise.all(accounts.map((account) => rowOf(account, running, call.args.probe === true)));
    const failed = rows.some((row) => row.state === 'failed');
    if (call.args.json) out.json({ gateway: running !== undefined, channels: rows });
    else {
      if (!running) out.line('No gateway runs; this is what the configuration says.');
      out.table(
        ['CHANNEL', 'ACCOUNT', 'STATE', 'BOT', 'NOTE'],
        rows.map((row) => [row.channel, row.account, row.state, row.bot, row.note]),
        'No channel is enabled.',
      );
    }
    return failed ? exitCodes.failed : exitCodes.ok;
  },
});

async function rowOf(account: ChannelAccountSettings, running: GatewayStatus | undefined, probe: boolean): Promise<Row> {
  const row = { ...seenBy(running, account), channel: account.channel, account: account.account };
  if (account.problem !== undefined) return { ...row, note: account.problem };
  return probe ? { ...row, ...(await askPlatform(account)) } : row;
}

/** What the running gateway says of it. */
function seenBy(running: GatewayStatus | undefined, account: ChannelAccountSettings): Pick<Row, 'state' | 'bot' | 'note'> {
  const live = running?.channels.find((one) => one.channel === account.channel && one.account === account.account);
  return { state: live?.state ?? 'stopped', bot: live?.identity?.name ?? '', note: live?.reason ?? '' };
}

async function askPlatform(account: ChannelAccountSettings): Promise<Partial<Row>> {
  try {
    const channel = await createChannel(account, { clock: systemClock, log: silentLog });
    const identity = await channel?.probe(AbortSignal.timeout(PROBE_MS));
    return { bot: identity?.name ?? '', note: ['the platform answers', ...(identity?.notes ?? [])].join('; ') };
  } catch (error) {
    return { state: 'failed', note: messageOf(error) };
  }
}
