/** `openclaw gateway run`: in the foreground until SIGTERM or SIGINT; SIGHUP reads the configuration again. */
import { defineCommand } from 'citty';
import { flushCompileCache } from 'node:module';
import { startApp, type App } from '../../../app.ts';
import { serviceEnvironment, type ServiceEnvironment } from '../../../config/environment.ts';
import { ConfigError } from '../../../config/problems.ts';
import { isAppError } from '../../../domain/errors.ts';
import type { Log } from '../../../domain/log.ts';
import { exitCodes, type ExitCode } from '../../../runtime/exit-codes.ts';
import { openLogFile } from '../../../runtime/log-file.ts';
import { createLog, type LogOptions } from '../../../runtime/log.ts';
import { createNotifier } from '../../../runtime/notify.ts';
import { contextOf } from '../../command.ts';
import type { CliContext } from '../../context.ts';
import { loadForStart } from '../../start-config.ts';

export default defineCommand({
  args: {
    port: { type: 'string', description: 'the port on 127.0.0.1, instead of the configured one' },
    verbose: { type: 'boolean', description: 'log at debug level' },
  },
  async run(call): Promise<ExitCode> {
    const context = contextOf(call);
    const flags =
      call.args.port === undefined ? [] : [{ name: '--port', path: ['gateway', 'port'], value: Number(call.args.port) }];
    const service = serviceEnvironment();
    try {
      const loaded = await loadForStart(context.paths(), flags);
      const log = gatewayLog(context, service, call.args.verbose ? 'debug' : loaded.config.logging.level);
      for (const warning of loaded.warnings) log.warn({}, warning);
      const app = await startApp({ loaded, log, port: true });
      return await serve(app, { context, service, log, flags });
    } catch (error) {
      return refused(error, context);
    }
  },
});

/** Starting again would not help with the first two; the exit code says so to whoever starts us. */
function refused(error: unknown, context: CliContext): ExitCode {
  if (!isAppError(error)) throw error;
  context.out.note(`${context.out.style('red', 'error:')} ${error.message}`);
  if (error.hint) context.out.note(error.hint.replace(/^/gm, '  '));
  if (error instanceof ConfigError) return exitCodes.config;
  return error.code === 'conflict' ? exitCodes.taken : exitCodes.failed;
}

function gatewayLog(context: CliContext, service: ServiceEnvironment, level: LogOptions['level']): Log {
  if (service.JOURNAL_STREAM) return createLog({ level, style: 'journal' });
  const file = openLogFile(context.paths().logFile);
  const onTerminal = createLog({ level, style: process.stderr.isTTY ? 'text' : 'json' });
  const inFile = createLog({ level, style: 'json', write: file.write });
  return both(onTerminal, inFile);
}

function both(a: Log, b: Log): Log {
  return {
    debug: (fields, message) => void (a.debug(fields, message), b.debug(fields, message)),
    info: (fields, message) => void (a.info(fields, message), b.info(fields, message)),
    warn: (fields, message) => void (a.warn(fields, message), b.warn(fields, message)),
    error: (fields, message) => void (a.error(fields, message), b.error(fields, message)),
    child: (fields) => both(a.child(fields), b.child(fields)),
  };
}

interface Service {
  context: CliContext;
  service: ServiceEnvironment;
  log: Log;
  flags: Parameters<typeof loadForStart>[1];
}

/** Resolves when the gateway has stopped after a signal. */
async function serve(app: App, { context, service, log, flags }: Service): Promise<ExitCode> {
  const notifier = createNotifier(service);
  const channels = app.settings.current().channels.filter(({ enabled }) => enabled);
  const summary = `listening on 127.0.0.1:${app.port}; channels: ${channels.map(({ channel }) => channel).join(', ') || 'none'}`;
  log.info({ port: app.port, pid: process.pid }, summary);
  notifier.ready(summary);
  notifier.watch(() => true);
  process.on('SIGHUP', () => void reload(app, { context, service, log, flags }));
  setImmediate(flushCompileCache);
  const signal = await new Promise<string>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  log.info({ signal }, 'stopping');
  notifier.stopping();
  await app.stop();
  notifier.close();
  log.info({}, 'stopped');
  return exitCodes.ok;
}

async function reload(app: App, { context, log, flags }: Service): Promise<void> {
  try {
    const restart = await app.reload(await loadForStart(context.paths(), flags));
    if (restart.length) log.warn({ keys: restart }, 'these changes count after a restart of the gateway');
  } catch (error) {
    if (!isAppError(error)) throw error;
    log.error({}, `the configuration was not read again, the old one stays: ${error.message}`);
  }
}
