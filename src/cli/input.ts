/** Values that must not stand on a command line: asked for on a terminal without an echo, else read from standard input. */
import { AppError } from '../domain/errors.ts';

const LARGEST_INPUT = 512 * 1024;

/** One trailing line break is cut. Rejects with AppError `invalid` for nothing, or when the person gives up. */
export async function readInput(question: string): Promise<string> {
  const text = process.stdin.isTTY ? await ask(question) : await readAll();
  if (text === '') throw new AppError('invalid', 'the value is empty', { hint: 'Type it, or pipe it into the command.' });
  return text;
}

async function ask(question: string): Promise<string> {
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message: question });
  if (isCancel(answer)) throw new AppError('invalid', 'given up; nothing was changed');
  return answer ?? '';
}

async function readAll(): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > LARGEST_INPUT)
      throw new AppError('limit', 'the value is larger than 512 KiB', { hint: 'A value is a few bytes.' });
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
