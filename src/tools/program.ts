/** Runs a program of the sandbox for a tool of ours: arguments, never a shell; bounded output as text. */
import { AppError } from '../domain/errors.ts';
import type { ToolContext } from '../domain/tool.ts';
import { decodeText, harmless } from './text-for-model.ts';

const longestMs = 60_000;
const maxOutputBytes = 1_048_576;

export interface ProgramEnd {
  exitCode: number;
  /** Its standard output; a last line that was not kept whole is left out. */
  lines: string[];
  /** There was more. */
  truncated: boolean;
  stderr: string;
}

/** Throws AppError `limit` when it takes too long. */
export async function runProgram(argv: string[], context: ToolContext): Promise<ProgramEnd> {
  const sandbox = await context.sandbox();
  const timeoutMs = Math.min(context.timeoutMs, longestMs);
  const result = await sandbox.exec({ command: { argv }, timeoutMs, maxOutputBytes, signal: context.signal });
  if (result.timedOut)
    throw new AppError('limit', `${argv[0]} took longer than ${timeoutMs / 1000} s.`, { hint: 'Look in a smaller directory.' });
  const truncated = result.stdoutBytes > result.stdout.length;
  const lines = decodeText(result.stdout)
    .split('\n')
    .slice(0, truncated ? -1 : undefined);
  return {
    exitCode: result.exitCode ?? 130,
    lines: lines.filter((line) => line !== ''),
    truncated,
    stderr: harmless(decodeText(result.stderr)).trim().slice(0, 2000),
  };
}

/** A path that no program takes for an option; not every one knows `--`. */
export function operand(path: string): string {
  return path.startsWith('-') ? `./${path}` : path;
}
