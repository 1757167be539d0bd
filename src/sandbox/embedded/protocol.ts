/**
 * The messages between the gateway and the process of one embedded shell. Types only; no message carries a function or an
 * error object, so both sides may be of different builds.
 */
import type { ErrorCode } from '../../domain/errors.ts';
import type { WorkspaceAccess } from '../../domain/sandbox.ts';

/** What the shell's world is; sent once, first. */
export interface ShellWorld {
  /** Absolute path on the host. */
  workspace: string;
  access: WorkspaceAccess;
  workdir: string;
  scratchDirs: readonly string[];
  /** Everything beside the scratch directories and the workdir refuses writes. */
  readOnlyRoot: boolean;
  /** Bytes of all files that live in memory. */
  fileBytes: number;
  /** Bytes that one command may hold while it runs. */
  liveBytes: number;
}

export interface RunMessage {
  kind: 'run';
  id: number;
  command: { argv: string[] } | { shell: string };
  /** Absolute, or relative to the workdir. */
  cwd: string;
  env: Record<string, string>;
  stdin: Uint8Array;
  /** More input may follow. */
  openInput: boolean;
}

export type ToShell =
  | { kind: 'open'; world: ShellWorld }
  | RunMessage
  | { kind: 'input'; id: number; bytes: Uint8Array }
  | { kind: 'end-input'; id: number }
  /** Asks a command to stop; the process is killed where that does not help. */
  | { kind: 'stop'; id: number }
  | { kind: 'read'; id: number; path: string; offset: number; maxBytes: number }
  | { kind: 'write'; id: number; path: string; bytes: Uint8Array };

export interface Failure {
  code: ErrorCode;
  message: string;
  hint?: string;
}

export type FromShell =
  | { kind: 'ready' }
  /** The command begins, or will when its input has ended. */
  | { kind: 'begun'; id: number; takesInput: boolean }
  | { kind: 'output'; id: number; stream: 'stdout' | 'stderr'; bytes: Uint8Array }
  /** Without an exit code: it was stopped. */
  | { kind: 'ended'; id: number; exitCode?: number }
  | { kind: 'content'; id: number; bytes: Uint8Array; totalBytes: number }
  | { kind: 'written'; id: number }
  | { kind: 'failed'; id: number; failure: Failure };
