/** Writes a whole file of the sandbox. */
import type * as z from 'zod/mini';
import { aboutPath } from './about-path.ts';
import { defineTool } from './define.ts';
import { anyTextField, pathAliases, textField, toolInput } from './input.ts';
import { count } from './text-for-model.ts';

const input = toolInput({ path: textField(), content: anyTextField() }, pathAliases);
type Input = z.output<typeof input>;

export const write = defineTool<Input>({
  name: 'write',
  groups: ['fs'],
  description: 'Write a file, replacing what is there. Makes its directories.',
  input,
  effect: () => 'write',
  async run({ path, content }, context) {
    const bytes = Buffer.from(content);
    const sandbox = await context.sandbox();
    await aboutPath(path, sandbox.writeFile(path, bytes));
    return { text: `[wrote ${count(bytes.length)} bytes to ${path}]`, isError: false };
  },
});
