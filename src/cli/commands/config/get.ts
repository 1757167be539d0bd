/** `openclaw config get`: a value that counts now, wherever it comes from. */
import { defineCommand } from 'citty';
import { below, loadConfig } from '../../../config/load.ts';
import { configModel } from '../../../config/model.ts';
import { parsePath, startsWith, type ConfigPath } from '../../../config/path.ts';
import { describeProblem } from '../../../config/problems.ts';
import { showValue } from '../../../config/show.ts';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: {
    path: { type: 'positional', required: false, description: 'like gateway.port; nothing for all' },
    json: { type: 'boolean', description: 'print JSON' },
    reveal: { type: 'boolean', description: 'print secrets instead of their fingerprints' },
  },
  async run(call) {
    const { out, paths } = contextOf(call);
    const path: ConfigPath = call.args.path === undefined ? [] : parsePath(call.args.path);
    const model = configModel();
    const loaded = await loadConfig(model, { locations: paths(), purpose: 'look', follow: below(path) });
    const value = showValue(model.schema, loaded, path, { reveal: call.args.reveal === true });
    const text = typeof value === 'string' && !call.args.json ? value : JSON.stringify(value, null, 2);
    if (call.args.reveal) out.raw(`${text}\n`);
    else out.line(text);
    const origin = loaded.originOf(path).words;
    if (path.length > 0 && origin !== 'file' && origin !== 'default') out.note(`From ${origin}.`);
    for (const note of loaded.notes.filter((one) => startsWith(one.path, path))) out.note(describeProblem(note));
  },
});
