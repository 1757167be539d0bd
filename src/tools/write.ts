/** Writes a whole file of the sandbox. */
import * as z from 'zod';
import { aboutPath } from './about-path.ts';
import { defineTool } from './define.ts';
import { pathAliases, toolInput } from './input.ts';
import { count } from './text-for-model.ts';

const input = toolInput({ path: z.string().min(1), content: z.string() }, pathAliases);
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
