/**
 * `openclaw chat`: the agent in this terminal, through the real gateway: the same admission, lanes, store, tools and sandbox.
 * With standard input not a terminal it reads lines, answers each, and ends with exit code 0.
 */
import { defineCommand } from 'citty';
import { startApp, type App } from '../../app.ts';
import { channels as plugins } from '../../channels/index.ts';
import type { Channel } from '../../domain/channel.ts';
import { systemClock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { createLog } from '../../runtime/log.ts';
import { openLogFile } from '../../runtime/log-file.ts';
import { exitCodes, type ExitCode } from '../../runtime/exit-codes.ts';
import { contextOf } from '../command.ts';
import type { Output } from '../output.ts';
import { loadForStart } from '../start-config.ts';

export default defineCommand({
  args: {},
  async run(call): Promise<ExitCode> {
    const { out, ...context } = contextOf(call);
    // Whoever can run this command as this user owns everything that it could ask for.
    const terminal = { name: 'the terminal', path: ['channels', 'terminal'], value: { dmPolicy: 'open', allowFrom: ['*'] } };
    const loaded = await loadForStart(context.paths(), [terminal]);
    const log = createLog({ level: 'warn', style: 'json', write: openLogFile(context.paths().logFile).write });
    const finished = deferred();
    const start = (channels: readonly Channel[]): Promise<App> =>
      startApp({ loaded, log, channels, channelFinished: finished.resolve, port: false });
    const app = await start([]);
    try {
      await introduce(app, out);
      await app.gateway.replaceChannel(await terminalChannel(log));
      await Promise.race([finished.promise, interrupted()]);
    } finally {
      await app.stop();
    }
    return exitCodes.ok;
  },
});

async function terminalChannel(log: Log): Promise<Channel> {
  const plugin = plugins.find(({ id }) => id === 'terminal');
  if (!plugin) throw new Error('the terminal is not in the list of channels');
  return plugin.create('default', {} as never, { clock: systemClock, log });
}

/** The first line: what each part is, and what would make it more. */
async function introduce(app: App, out: Output): Promise<void> {
  const engine = await app.engine();
  const agent = app.settings.agent(app.settings.routing().defaultAgentId);
  const [model] = agent.models.length > 0 ? agent.models : await engine.models.automatic();
  const sandbox = await engine.sandboxes.describe();
  out.note(out.style('dim', `model ${model ?? 'none'} · sandbox ${sandbox} · channel terminal · /help lists the commands`));
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
}
