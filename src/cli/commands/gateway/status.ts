/** `openclaw gateway status`: what runs, what waits, what fails. Exit 1 where no gateway answers. */
import { defineCommand } from 'citty';
import { exitCodes, type ExitCode } from '../../../runtime/exit-codes.ts';
import { contextOf } from '../../command.ts';
import { ago } from '../../time.ts';
import type { GatewayStatus } from '../../../gateway/status.ts';

export default defineCommand({
  args: { json: { type: 'boolean', description: 'print JSON' } },
  async run(call): Promise<ExitCode> {
    const { out, ...context } = contextOf(call);
    const gateway = await context.gateway();
    const running = await gateway.isHealthy();
    const status = running ? ((await gateway.call('status')) as GatewayStatus) : undefined;
    if (call.args.json) {
      out.json({ running, ...status });
      return running ? exitCodes.ok : exitCodes.failed;
    }
    if (!status) {
      out.line('No gateway answers on the configured port.');
      out.line('Start it: openclaw gateway run');
      return exitCodes.failed;
    }
    out.line(`OpenClaw ${status.version}, up since ${ago(status.startedAtMs)}, ${status.runningTurns} turns running`);
    out.line();
    out.table(
      ['CHANNEL', 'ACCOUNT', 'STATE', 'BOT', 'NOTE'],
      status.channels.map((one) => [one.channel, one.account, one.state, one.identity?.name ?? '', one.reason ?? '']),
      'No channel is configured.',
    );
    out.line();
    out.line(`Messages: ${counts(status.messages)}`);
    out.line(`Deliveries: ${counts(status.deliveries)}`);
    for (const one of status.undelivered) {
      out.line(`Not delivered ${ago(one.createdAtMs)}: ${one.channel} ${one.chatId}: ${one.reason ?? one.state}`);
    }
    return exitCodes.ok;
  },
});

function counts(values: Record<string, number>): string {
  return Object.entries(values)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
