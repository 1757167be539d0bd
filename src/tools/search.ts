/** Finds lines in the files of the sandbox: with ripgrep where it is installed, else with grep. */
import * as z from 'zod/mini';
import { AppError } from '../domain/errors.ts';
import type { ToolContext, ToolResult } from '../domain/tool.ts';
import { defineTool } from './define.ts';
import { pathAliases, textField, toolInput } from './input.ts';
import { operand, runProgram } from './program.ts';
import { count, harmless } from './text-for-model.ts';

const mostLines = 200;
const mostLineChars = 300;

const input = toolInput(
  { pattern: textField('Regex'), path: z.optional(textField()), glob: z.optional(textField('Files, e.g. *.md')) },
  pathAliases,
);
type Input = z.output<typeof input>;

export const search = defineTool<Input>({
  name: 'search',
  groups: ['fs'],
  description: 'Search file contents. Gives file:line:text.',
  input,
  effect: () => 'read',
  async run(given, context) {
    let found = await runProgram(ripgrep(given), context);
    if (found.exitCode === 127) found = await runProgram(grep(given), context);
    const { lines, truncated, stderr } = found;
    if (lines.length === 0) return nothingFound(given, stderr, context);
    const left = truncated ? 'many' : count(lines.length - mostLines);
    const more = lines.length > mostLines ? `\n[… ${left} more lines match; search for less]` : '';
    return { text: lines.slice(0, mostLines).map(shortLine).join('\n') + more, isError: false };
  },
});

/** Not every program says that the place is missing. */
async function nothingFound({ path }: Input, stderr: string, context: ToolContext): Promise<ToolResult> {
  if (stderr !== '') return { text: stderr, isError: true };
  if (path === undefined || (await runProgram(['test', '-e', path], context)).exitCode === 0)
    return { text: '[no matches]', isError: false };
  throw new AppError('not_found', `${path} does not exist.`, { hint: 'Look with list.' });
}

function ripgrep({ pattern, path = '.', glob }: Input): string[] {
  const files = glob === undefined ? [] : ['-g', glob];
  return ['rg', '-n', '-H', '--hidden', '-g', '!.git', ...files, '--sort', 'path', '-e', pattern, operand(path)];
}

function grep({ pattern, path = '.', glob }: Input): string[] {
  const files = glob === undefined ? [] : [`--include=${glob}`];
  return ['grep', '-rnIHE', '--exclude-dir=.git', ...files, '-e', pattern, operand(path)];
}

function shortLine(line: string): string {
  const clean = harmless(line.replace(/^\.\//, '')).trimEnd();
  return clean.length > mostLineChars ? `${clean.slice(0, mostLineChars - 1)}…`.toWellFormed() : clean;
}
