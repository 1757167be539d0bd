/** Lists a directory of the sandbox. */
import * as z from 'zod';
import { defineTool } from './define.ts';
import { pathAliases, toolInput } from './input.ts';
import { runProgram } from './program.ts';
import { count, harmless } from './text-for-model.ts';

const mostEntries = 500;

const input = toolInput({ path: z.string().min(1).optional() }, pathAliases);
type Input = z.output<typeof input>;

export const list = defineTool<Input>({
  name: 'list',
  groups: ['fs'],
  description: 'List a directory.',
  input,
  effect: () => 'read',
  async run({ path = '.' }, context) {
    const { exitCode, stdout, stderr } = await runProgram(['ls', '-1AF', path], context);
    if (exitCode !== 0) return { text: stderr || `[${path} cannot be listed]`, isError: true };
    // -F marks what can be run, which tells a model nothing.
    const entries = stdout.split('\n').flatMap((line) => (line === '' ? [] : [harmless(line).replace(/\*$/, '')]));
    if (entries.length === 0) return { text: `[${path} is empty]`, isError: false };
    const more = entries.length > mostEntries ? `\n[… ${count(entries.length - mostEntries)} more]` : '';
    return { text: entries.slice(0, mostEntries).join('\n') + more, isError: false };
  },
});
