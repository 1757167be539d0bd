/**
 * Owns the refusal of requests that no program can be given. Must never change a request.
 */
import { AppError } from '../../domain/errors.ts';
import type { ExecRequest } from '../../domain/sandbox.ts';

/** Throws AppError `invalid`. */
export function refuseRequest(request: ExecRequest): void {
  const { command, env = {}, cwd } = request;
  const words = 'argv' in command ? command.argv : [command.shell];
  if (words.length === 0 || words[0] === '') throw new AppError('invalid', 'The command is empty.');
  for (const word of words) refuseText(word, 'command');
  for (const [name, value] of Object.entries(env)) {
    if (name === '' || name.includes('=')) throw new AppError('invalid', `${JSON.stringify(name)} is no name of a variable.`);
    refuseText(`${name}${value}`, 'environment');
  }
  if (cwd !== undefined) refusePath(cwd);
  for (const number of [request.timeoutMs, request.maxOutputBytes]) {
    if (!(number >= 0)) throw new AppError('invalid', 'Time and size limits of a command must not be negative.');
  }
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
