/**
 * The contract between a container and what runs commands in it: by the supervisor, or by one exec for each command.
 * Rejections are AppErrors as in domain/sandbox.ts. Requests have been checked by request.ts.
 */
import type { AppError } from '../../domain/errors.ts';
import type { ExecRequest, ExecResult, SandboxProcess } from '../../domain/sandbox.ts';

export interface FileRange {
  offset: number;
  maxBytes: number;
}

export interface FileBytes {
  bytes: Uint8Array;
  totalBytes: number;
}

export interface Runner {
  exec(request: ExecRequest): Promise<ExecResult>;
  start(request: ExecRequest): Promise<SandboxProcess>;
  readFile(path: string, range: FileRange): Promise<FileBytes>;
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
  /** Everything that runs is told `error`. Idempotent. */
  end(error: AppError): void;
  /** Resolves when nothing can run any more: the supervisor has ended, or does not obey. */
  readonly ended: Promise<AppError>;
}

/** From TERM to KILL, as the supervisor does it. */
export const graceMs = 2_000;
/** A command that should be over and is not after this long means that the sandbox itself does not answer. */
export const overdueMs = graceMs + 5_000;
/** setTimeout's own limit. */
export const longestTimerMs = 2_147_483_647;
