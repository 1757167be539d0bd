/** What goes wrong in the shell's process, as the gateway's errors. Runs in the shell's process. */
import type { ErrorCode } from '../../domain/errors.ts';
import type { Failure } from './protocol.ts';

export class ShellFailure extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

interface Meaning {
  code: ErrorCode;
  /** Said after the path. */
  says: string;
  hint?: string;
}

const LINK: Meaning = { code: 'denied', says: 'cannot be reached: the embedded sandbox follows no symbolic links.' };

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOENT: { code: 'not_found', says: 'does not exist.' },
  ENOTDIR: { code: 'not_found', says: 'does not exist: part of the path is a file.' },
  EROFS: { code: 'denied', says: 'cannot be written: the file system is read-only there.', hint: 'Write to /tmp instead.' },
  EACCES: LINK,
  EPERM: LINK,
  ELOOP: LINK,
  ENOSPC: { code: 'limit', says: 'cannot be written: there is no room left.', hint: 'Remove files from /tmp.' },
  EFBIG: { code: 'limit', says: 'is too large for the embedded sandbox.' },
};

/** The interpreter's file systems put the system's code at the beginning of the message. */
export function failureOf(error: unknown, path: string | undefined): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ShellFailure) return { code: error.code, message };
  const errno = /^E[A-Z]+(?=:)/.exec(message)?.[0];
  const meaning = errno === undefined ? undefined : MEANINGS[errno];
  if (!meaning || path === undefined) return { code: 'invalid', message };
  const { code, says, hint } = meaning;
  return { code, message: `${path} ${says}`, ...(hint === undefined ? {} : { hint }) };
}
