/** `openclaw config set`: changes one value of the file. */
import { defineCommand } from 'citty';
import { createEditor, setInFile, valueOfArgument } from '../../../config/edit.ts';
import { configModel } from '../../../config/model.ts';
import { formatPath, parsePath } from '../../../config/path.ts';
import { AppError } from '../../../domain/errors.ts';
import { contextOf } from '../../command.ts';
import { readInput } from '../../input.ts';
import { tellEdit } from './tell-edit.ts';

export default defineCommand({
  args: {
    path: { type: 'positional', required: true, description: 'like gateway.port' },
    value: { type: 'positional', required: false, description: 'JSON5, or plain text' },
    stdin: { type: 'boolean', description: 'read the value from standard input, where no other process can see it' },
    json: { type: 'boolean', description: 'the value must be JSON5' },
  },
  async run(call) {
    const { out, paths } = contextOf(call);
    const { args } = call;
    const path = parsePath(args.path);
    const name = formatPath(path);
    if ((args.value === undefined) === (args.stdin !== true)) {
      throw new AppError('invalid', args.stdin ? 'a value is given twice' : `there is no value for ${name}`, {
        hint: `openclaw config set ${name} VALUE, or: openclaw config set ${name} --stdin`,
      });
    }
    const editor = createEditor(configModel(), paths());
    const argument = args.value ?? (await readInput(`${name}: `));
    const edit = await setInFile(editor, path, valueOfArgument(editor.model, path, argument, args.json === true));
    tellEdit(out, edit, 'Updated');
    const isPlainSecret = edit.secret && args.value !== undefined && !/^(?:env|file|credential|op):|^\$\{/.test(argument);
    if (isPlainSecret) {
      out.note(
        `The secret stood in the process list, and may stand in your shell's history. Safer: openclaw config set ${name} --stdin`,
      );
    }
  },
});
