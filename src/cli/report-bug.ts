/** An error that nobody expected: the person gets a reference, the operator the stack. */
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { redact } from '../domain/redaction.ts';
import { exitCodes, type ExitCode } from '../runtime/exit-codes.ts';
import type { CliContext } from './context.ts';

export function reportBug(error: unknown, context: CliContext): ExitCode {
  const reference = randomBytes(4).toString('hex');
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  context.out.note(`${context.out.style('red', 'error:')} an internal error, reference ${reference}`);
  try {
    const folder = join(context.paths().stateDir, 'logs');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, 'errors.log');
    appendFileSync(file, redact(`${new Date().toISOString()} ${reference} ${stack}\n`), { mode: 0o600 });
    context.out.note(`  Its details are in ${file}`);
  } catch {
    context.out.note(stack);
  }
  return exitCodes.internal;
}
