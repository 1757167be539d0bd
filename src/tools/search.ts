/** Finds lines in the files of the sandbox: with ripgrep where it is installed, else with grep. */
import * as z from 'zod';
import { defineTool } from './define.ts';
import { pathAliases, toolInput } from './input.ts';
import { runProgram } from './program.ts';
import { count, harmless } from './text-for-model.ts';

const mostLines = 200;
const mostLineChars = 300;

const input = toolInput(
  {
    pattern: z.string().min(1).describe('Regex'),
    path: z.string().min(1).optional(),
    glob: z.string().min(1).optional().describe('Files, e.g. *.md'),
  },
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
    const { exitCode, stdout, stderr } = found;
    // 1 means that nothing was found; with 2 there may still be matches in files that could be read.
    if (stdout === '' && exitCode !== 0 && exitCode !== 1) return { text: stderr || '[the search failed]', isError: true };
    const lines = stdout.split('\n').flatMap((line) => (line === '' ? [] : [shortLine(line)]));
    if (lines.length === 0) return { text: '[no matches]', isError: false };
    const more = lines.length > mostLines ? `\n[… ${count(lines.length - mostLines)} more lines match; search for less]` : '';
    return { text: lines.slice(0, mostLines).join('\n') + more, isError: false };
  },
});

function ripgrep({ pattern, path = '.', glob }: Input): string[] {
  return [
    'rg',
    '-n',
    '--hidden',
    '-g',
    '!.git',
    ...(glob === undefined ? [] : ['-g', glob]),
    '--sort',
    'path',
    '-e',
    pattern,
    '--',
    path,
  ];
}

function grep({ pattern, path = '.', glob }: Input): string[] {
  const files = glob === undefined ? [] : [`--include=${glob}`];
  return ['grep', '-rnIE', '--exclude-dir=.git', ...files, '-e', pattern, '--', path];
}

function shortLine(line: string): string {
  const clean = harmless(line.replace(/^\.\//, '')).trimEnd();
  return clean.length > mostLineChars ? `${clean.slice(0, mostLineChars - 1)}…`.toWellFormed() : clean;
}
