/** Asks a yes-or-no question on the terminal. Throws AppError `denied` for a no, and `invalid` where nobody can answer. */
import { createInterface } from 'node:readline/promises';
import { AppError } from '../../../domain/errors.ts';

export async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY) throw new AppError('invalid', 'There is no terminal to ask on.', { hint: 'Say --yes.' });
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    if (!/^y(?:es)?$/i.test(answer.trim())) throw new AppError('denied', 'Nothing was changed.');
  } finally {
    terminal.close();
  }
}
