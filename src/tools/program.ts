/** Runs a program of the sandbox for a tool of ours: arguments, never a shell; bounded output as text. */
import { AppError } from '../domain/errors.ts';
import type { ToolContext } from '../domain/tool.ts';
import { decodeText, harmless } from './text-for-model.ts';

const longestMs = 60_000;
const maxOutputBytes = 1_048_576;

/** Throws AppError `limit` when it takes too long. */
export async function runProgram(
  argv: string[],
  context: ToolContext,
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const sandbox = await context.sandbox();
  const timeoutMs = Math.min(context.timeoutMs, longestMs);
  const result = await sandbox.exec({ command: { argv }, timeoutMs, maxOutputBytes, signal: context.signal });
  if (result.timedOut)
    throw new AppError('limit', `${argv[0]} took longer than ${timeoutMs / 1000} s.`, { hint: 'Look in a smaller directory.' });
  const exitCode = result.exitCode ?? 130;
  return { exitCode, stdout: decodeText(result.stdout), stderr: harmless(decodeText(result.stderr)).trim().slice(0, 2000) };
}
