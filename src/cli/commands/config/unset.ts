/** `openclaw config unset`: removes one value from the file; its default counts again. */
import { defineCommand } from 'citty';
import { createEditor, unsetInFile } from '../../../config/edit.ts';
import { configModel } from '../../../config/model.ts';
import { parsePath } from '../../../config/path.ts';
import { contextOf } from '../../command.ts';
import { tellEdit } from './tell-edit.ts';

export default defineCommand({
  args: { path: { type: 'positional', required: true, description: 'like gateway.port' } },
  async run(call) {
    const { out, paths } = contextOf(call);
    tellEdit(out, await unsetInFile(createEditor(configModel(), paths()), parsePath(call.args.path)), 'Removed');
  },
});
