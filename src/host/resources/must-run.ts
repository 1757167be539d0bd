/** Runs a program that has to work; says which one did not and what it said. */
import { AppError } from '../../domain/errors.ts';
import type { CommandResult, Machine, RunOptions } from '../engine/machine.ts';

export async function mustRun(
  machine: Machine,
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  const result = await machine.run(file, args, options);
  if (result.code === 0) return result;
  const said = result.stderr.trim() || result.stdout.trim();
  throw new AppError(
    'unavailable',
    `${file} failed${said ? `: ${said.split('\n').slice(-3).join(' / ')}` : ` with exit code ${result.code}`}`,
    {
      hint: hintFor(said, result.code, file),
    },
  );
}

function hintFor(said: string, code: number, file: string): string {
  if (/could not get lock|unable to acquire the dpkg/i.test(said)) {
    return 'Another package installation runs. Wait for it (ps aux | grep apt), then run the same command again.';
  }
  if (/no space left/i.test(said)) return 'Free some space (df -h), then run the same command again.';
  if (code === 127) return `${file} is not installed.`;
  if (code === 124) return `${file} took too long and was ended. Run the same command again: it goes on where it stopped.`;
  return 'Mend what it says, then run the same command again: it goes on where it stopped.';
}
