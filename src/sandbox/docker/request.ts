/**
 * Owns the refusal of requests that no program can be given. Must never change a request.
 */
import { AppError } from '../../domain/errors.ts';
import type { ExecRequest } from '../../domain/sandbox.ts';

/** The kernel takes about 2 MB of arguments and environment, and 128 KiB in one of them. */
const longestCommand = 1_000_000;

/** Throws AppError `invalid`, or `limit` for a command that is too long. */
export function refuseRequest(request: ExecRequest): void {
  const { command, env = {}, cwd } = request;
  const words = 'argv' in command ? command.argv : [command.shell];
  refuseLength([...words, ...Object.entries(env).flat()]);
  if (words.length === 0 || words[0] === '') throw new AppError('invalid', 'The command is empty.');
  for (const word of words) refuseText(word, 'command');
  for (const [name, value] of Object.entries(env)) refuseVariable(name, value);
  if (cwd !== undefined) refusePath(cwd);
  if (!(request.timeoutMs >= 0 && request.maxOutputBytes >= 0)) {
    throw new AppError('invalid', 'Time and size limits of a command must not be negative.');
  }
}

function refuseLength(words: readonly string[]): void {
  const size = words.reduce((total, word) => total + word.length, 0);
  if (size <= longestCommand) return;
  throw new AppError('limit', `The command is too long: ${size} characters.`, { hint: 'Write a file, and give its name.' });
}

function refuseVariable(name: string, value: string): void {
  if (name === '' || name.includes('=')) throw new AppError('invalid', `${JSON.stringify(name)} is no name of a variable.`);
  refuseText(`${name}${value}`, 'environment');
}

export function refusePath(path: string): void {
  if (path === '') throw new AppError('invalid', 'The path is empty.');
  refuseText(path, 'path');
}

/** What the kernel's strings cannot hold, and what has no UTF-8. */
function refuseText(text: string, where: string): void {
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new AppError('invalid', `The ${where} holds a character that no program can be given.`);
  }
}
