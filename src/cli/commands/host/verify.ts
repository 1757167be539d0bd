/** `openclaw host verify`: every layer proved by observation. Exit code 0: all hold, 1: findings. */
import { defineCommand } from 'citty';
import { findingsOf, verify } from '../../../host/engine/verify.ts';
import { recordVerification } from '../../../host/verification-record.ts';
import type { ExitCode } from '../../../runtime/exit-codes.ts';
import { contextOf } from '../../command.ts';
import { hostArgs, prepareHost } from './options.ts';
import { showResults } from './show-results.ts';

export default defineCommand({
  args: { ...hostArgs, all: { type: 'boolean', description: 'show what holds, too' } },
  async run(call): Promise<ExitCode> {
    const context = contextOf(call);
    const { layers, input } = await prepareHost(call.args, context, 'verify');
    const { results } = await verify(layers, input);
    const at = new Date().toISOString();
    if (input.machine.live && call.args.only === undefined) await recordVerification(input.machine, { at, results });
    showResults({ at, results }, context.out, {
      json: call.args.json === true,
      all: call.args.all === true,
    });
    return findingsOf(results).length === 0 ? 0 : 1;
  },
});
