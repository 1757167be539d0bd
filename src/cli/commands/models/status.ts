/** `openclaw models status`: the models of the default agent in the order in which they are tried. `--plain` prints the first alone. */
import { defineCommand } from 'citty';
import { keysFrom } from '../../../app/keys.ts';
import { createModels } from '../../../app/models.ts';
import { configModel } from '../../../config/model.ts';
import { resolveConfig } from '../../../config/resolve.ts';
import { systemClock } from '../../../domain/clock.ts';
import { silentLog } from '../../../domain/log.ts';
import { exitCodes, type ExitCode } from '../../../runtime/exit-codes.ts';
import { isAppError } from '../../../domain/errors.ts';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: {
    plain: { type: 'boolean', description: 'print the first model alone' },
    'status-plain': { type: 'boolean', description: 'the same, for openclaw models --status-plain' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call): Promise<ExitCode> {
    const { out, ...context } = contextOf(call);
    const loaded = await context.config();
    const config = resolveConfig(configModel(), loaded);
    const agent = config.agents.find(({ id }) => id === config.routing.defaultAgentId) ?? config.agents[0];
    const models = createModels({
      configured: () => config.providers,
      keys: keysFrom(() => loaded.env),
      clock: systemClock,
      log: silentLog,
    });
    const order = agent && agent.models.length > 0 ? agent.models : await models.automatic();
    const rows = await Promise.all(order.map(async (model) => ({ model, problem: await problemWith(models, model) })));
    if (call.args.plain || call.args['status-plain']) out.line(order[0] ?? '');
    else if (call.args.json) out.json({ defaultModel: order[0] ?? null, fallbacks: order.slice(1), models: rows });
    else
      out.table(
        ['MODEL', 'STATE'],
        rows.map((row) => [row.model, row.problem ?? 'ready']),
        'No model.',
      );
    return rows.some((row) => row.problem === undefined) ? exitCodes.ok : exitCodes.failed;
  },
});

async function problemWith(models: ReturnType<typeof createModels>, model: string): Promise<string | undefined> {
  try {
    await models.factsOf([model]);
    return undefined;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return [error.message, error.hint].filter(Boolean).join(' ');
  }
}
