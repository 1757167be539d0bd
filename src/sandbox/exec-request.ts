/** What of a request no program could be given, whatever the backend: refused before anything runs. */
import { AppError } from '../domain/errors.ts';
import type { ExecRequest } from '../domain/sandbox.ts';

/** Throws AppError `invalid`. */
export function checkExecRequest({ command, cwd, env }: ExecRequest): void {
  const words = 'argv' in command ? command.argv : [command.shell];
  if (words.length === 0)
    throw new AppError('invalid', 'There is no program to run.', { hint: 'Give at least the name of a program.' });
  for (const text of [...words, cwd ?? '', ...Object.values(env ?? {})]) checkText(text);
  for (const name of Object.keys(env ?? {})) {
    if (name !== '' && !/[=\0]/.test(name)) continue;
    throw new AppError('invalid', `${JSON.stringify(name)} cannot be the name of a variable.`, {
      hint: 'A name has no "=" in it.',
    });
  }
}

/** Throws AppError `invalid` for text that cannot be an argument or a path. */
export function checkText(text: string): void {
  if (!text.includes('\0')) return;
  throw new AppError('invalid', 'A NUL character cannot be part of a command or a path.', { hint: 'Remove it.' });
}
