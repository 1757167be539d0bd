/** `openclaw config unset`: removes one value from the file; its default counts again. */
import { defineCommand } from 'citty';
import { unsetInFile } from '../../../config/edit.ts';
import { processEnvironment } from '../../../config/environment.ts';
import { configModel } from '../../../config/model.ts';
import { parsePath } from '../../../config/path.ts';
import { contextOf } from '../../command.ts';
import { tellEdit } from './tell-edit.ts';

export default defineCommand({
  args: { path: { type: 'positional', required: true, description: 'like gateway.port' } },
  async run(call) {
    const { out, paths } = contextOf(call);
    const editor = { model: configModel(), locations: paths(), env: processEnvironment() };
    tellEdit(out, await unsetInFile(editor, parsePath(call.args.path)), 'Removed');
  },
});
