/** Lists a directory of the sandbox. */
import * as z from 'zod/mini';
import { defineTool } from './define.ts';
import { pathAliases, textField, toolInput } from './input.ts';
import { operand, runProgram } from './program.ts';
import { count, harmless } from './text-for-model.ts';

const mostEntries = 500;

const input = toolInput({ path: z.optional(textField()) }, pathAliases);
type Input = z.output<typeof input>;

export const list = defineTool<Input>({
  name: 'list',
  groups: ['fs'],
  description: 'List a directory.',
  input,
  effect: () => 'read',
  async run({ path = '.' }, context) {
    const { exitCode, lines, truncated, stderr } = await runProgram(['ls', '-1AF', operand(path)], context);
    if (exitCode !== 0) return { text: stderr || `[${path} cannot be listed]`, isError: true };
    if (lines.length === 0) return { text: `[${path} is empty]`, isError: false };
    // -F marks what can be run, which tells a model nothing.
    const entries = lines.slice(0, mostEntries).map((line) => harmless(line).replace(/\*$/, ''));
    const left = truncated ? 'many' : count(lines.length - mostEntries);
    return { text: entries.join('\n') + (lines.length > mostEntries ? `\n[… ${left} more]` : ''), isError: false };
  },
});
