/** `openclaw models set MODEL`: the default agent's first model. */
import { defineCommand } from 'citty';
import { parseModelReference } from '../../../providers/catalogue.ts';
import { contextOf } from '../../command.ts';
import set from '../config/set.ts';

export default defineCommand({
  args: { model: { type: 'positional', required: true, description: 'provider/model-id' } },
  async run(call) {
    parseModelReference(call.args.model);
    const context = contextOf(call);
    const args = { path: 'agents.defaults.model.primary', value: call.args.model };
    return set.run?.({ ...call, args, rawArgs: [], data: context } as never);
  },
});
