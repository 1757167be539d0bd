/** `plugins enable` and `disable`: one switch in the file, and the channel's own where that says the opposite. */
import { defineCommand } from 'citty';
import { changeFile, createEditor } from '../../../config/edit.ts';
import { configModel } from '../../../config/model.ts';
import { valueAt } from '../../../config/path.ts';
import { AppError } from '../../../domain/errors.ts';
import { contextOf } from '../../command.ts';
import { tellNotes } from '../config/tell-edit.ts';

export function switchCommand(enabled: boolean) {
  return defineCommand({
    args: { channel: { type: 'positional', required: true, description: 'like telegram' } },
    async run(call) {
      const { out, paths } = contextOf(call);
      const model = configModel();
      const id = call.args.channel;
      if (!model.channels.some((one) => one.id === id)) {
        const known = model.channels.map((one) => one.id).join(', ');
        throw new AppError('not_found', `there is no plugin "${id}"`, { hint: `There is ${known}.` });
      }
      const own = ['channels', id, 'enabled'];
      const edit = await changeFile(createEditor(model, paths()), (said) => [
        { path: ['plugins', 'entries', id, 'enabled'], value: enabled },
        ...(enabled && valueAt(said, own) === false ? [{ path: own, value: true }] : []),
      ]);
      const verb = enabled ? 'Enabled' : 'Disabled';
      out.line(edit.changed ? `${verb} plugin "${id}". Restart the gateway to apply.` : `Plugin "${id}" is that already.`);
      tellNotes(out, edit.notes);
    },
  });
}
