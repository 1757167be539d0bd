/** `openclaw host plan`: what apply would change. Exit code 0: nothing, 2: something. */
import { defineCommand } from 'citty';
import type { ExitCode } from '../../../runtime/exit-codes.ts';
import { plan } from '../../../host/engine/apply.ts';
import { contextOf } from '../../command.ts';
import { hostArgs, prepareHost } from './options.ts';
import { showPlan } from './show-plan.ts';

export default defineCommand({
  args: hostArgs,
  async run(call): Promise<ExitCode> {
    const context = contextOf(call);
    const { layers, input } = await prepareHost(call.args, context, 'plan');
    return showPlan(await plan(layers, input), context.out, call.args.json === true);
  },
});
