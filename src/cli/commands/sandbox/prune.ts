/** `openclaw sandbox prune`: removes what earlier runs left. A running gateway does so itself at its start. */
import { defineCommand } from 'citty';
import { AppError } from '../../../domain/errors.ts';
import { contextOf } from '../../command.ts';
import { dockerOf } from '../../docker.ts';

export default defineCommand({
  args: { json: { type: 'boolean', description: 'print JSON' } },
  async run(call) {
    const { out, ...context } = contextOf(call);
    if (await (await context.gateway()).isHealthy()) {
      throw new AppError('conflict', 'A gateway runs: every sandbox here is in use.', {
        hint: 'To make its sandboxes anew: openclaw sandbox recreate --all',
      });
    }
    const removed = await (await dockerOf(context)).sweep();
    if (call.args.json) return out.json({ removed });
    out.line(removed.length ? `Removed ${removed.length}: ${removed.join(', ')}` : 'Nothing was left over.');
  },
});
