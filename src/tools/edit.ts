/** Replaces text in a file of the sandbox. It changes nothing unless it is certain which text is meant. */
import * as z from 'zod/mini';
import { AppError } from '../domain/errors.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import { aboutPath } from './about-path.ts';
import { defineTool } from './define.ts';
import { anyTextField, flagField, pathAliases, textField, toolInput } from './input.ts';
import { nearestLines } from './nearest-lines.ts';
import { count } from './text-for-model.ts';

const maxFileBytes = 10 * 1_048_576;

const input = toolInput(
  { path: textField(), oldText: textField(), newText: anyTextField(), all: z.optional(flagField('Replace every match')) },
  { ...pathAliases, old_string: 'oldText', new_string: 'newText', replace_all: 'all' },
);
type Input = z.output<typeof input>;

export const edit = defineTool<Input>({
  name: 'edit',
  groups: ['fs'],
  description: 'Replace oldText, which must occur exactly once in the file, by newText.',
  input,
  effect: () => 'write',
  async run({ path, oldText, newText, all = false }, context) {
    const sandbox = await context.sandbox();
    const text = await textOf(sandbox, path);
    const [from, to] = asInFile(text, oldText, newText);
    if (from === to) throw new AppError('invalid', 'oldText and newText are the same.', { hint: 'Nothing was changed.' });
    const lines = matchingLines(text, from);
    if (lines.length === 0) throw notFound(path, text, oldText);
    if (lines.length > 1 && !all) throw ambiguous(path, lines);
    await aboutPath(path, sandbox.writeFile(path, Buffer.from(text.replaceAll(from, () => to))));
    const where =
      lines.length === 1 ? `at line ${lines[0]}` : `at lines ${lines.slice(0, 20).join(', ')}${lines.length > 20 ? ', …' : ''}`;
    return { text: `[replaced ${count(lines.length)} in ${path}, ${where}]`, isError: false };
  },
});

async function textOf(sandbox: Sandbox, path: string): Promise<string> {
  const { bytes, totalBytes } = await aboutPath(path, sandbox.readFile(path, { offset: 0, maxBytes: maxFileBytes }));
  if (totalBytes > maxFileBytes) {
    throw new AppError('limit', `${path} has ${count(totalBytes)} bytes.`, { hint: 'Change it with exec, e.g. with sed.' });
  }
  try {
    // The mark at the beginning stays where it is.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new AppError('invalid', `${path} is not UTF-8 text.`, { hint: 'Change it with exec.', cause: error });
  }
}

/** A model writes \n also where the file has \r\n. */
function asInFile(text: string, oldText: string, newText: string): [string, string] {
  const windows = (part: string): string => part.replaceAll(/\r?\n/g, '\r\n');
  if (text.includes(oldText) || !text.includes(windows(oldText))) return [oldText, newText];
  return [windows(oldText), windows(newText)];
}

/** Line numbers of the matches, none of which overlaps another. */
function matchingLines(text: string, part: string): number[] {
  const lines: number[] = [];
  let line = 1;
  let counted = 0;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) {
    for (let newline = text.indexOf('\n', counted); newline !== -1 && newline < at; newline = text.indexOf('\n', newline + 1)) {
      line += 1;
      counted = newline + 1;
    }
    lines.push(line);
  }
  return lines;
}

function notFound(path: string, text: string, oldText: string): AppError {
  const near = nearestLines(text, oldText);
  const hint = near
    ? `The nearest text is at line ${near.line}:\n${near.text}`
    : 'Read the file again: no line of it looks like it.';
  return new AppError('not_found', `oldText does not occur in ${path}; it must match exactly, blanks included.`, { hint });
}

function ambiguous(path: string, lines: readonly number[]): AppError {
  const places = `${lines.slice(0, 20).join(', ')}${lines.length > 20 ? ', …' : ''}`;
  return new AppError('invalid', `oldText occurs ${count(lines.length)} times in ${path}, at lines ${places}.`, {
    hint: 'Give more lines around the one that is meant, or all: true.',
  });
}
