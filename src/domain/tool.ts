/**
 * A tool that a model can call. It acts inside the sandbox only: `ToolContext` offers nothing else.
 */
import type * as z from 'zod/mini';
import type { ImagePart } from './model.ts';
import type { Sandbox, SandboxProcess } from './sandbox.ts';

/**
 * `read`: nothing changes, so it may be repeated after a crash.
 * `write`: what it did may be unknown after a crash; then it is never repeated.
 */
export type ToolEffect = 'read' | 'write';

/** Background commands of one sandbox; they end with it. */
export interface ProcessTable {
  /** Gives the entry its id and returns it. Throws AppError `limit` when too many are running. */
  add(entry: Omit<BackgroundProcess, 'id'>): BackgroundProcess;
  get(processId: string): BackgroundProcess | undefined;
  list(): BackgroundProcess[];
  remove(processId: string): void;
}

export interface BackgroundProcess {
  id: string;
  command: string;
  startedAtMs: number;
  process: SandboxProcess;
  /** Output so far, bounded; both streams in the order of arrival. */
  output: {
    text(): string;
    /** What came after `position` bytes, in whole characters, and the position to go on from. */
    since(position: number): { text: string; position: number };
    bytesSeen(): number;
  };
  exit?: { exitCode?: number; signal?: string; timedOut: boolean };
}

export interface ToolContext {
  /** The session's sandbox; made at the first call. Rejects with AppError `unavailable`. */
  sandbox(): Promise<Sandbox>;
  processes: ProcessTable;
  callId: string;
  signal: AbortSignal;
  /** Characters of output that reach the model; the rest goes to a file in the sandbox. */
  maxOutputChars: number;
  /** Default and longest run of one command, milliseconds. */
  timeoutMs: number;
  /** A command that runs longer goes on in the background, milliseconds; 10,000 where it is not set. */
  backgroundMs?: number;
}

export interface ToolResult {
  /** What the model reads. */
  text: string;
  isError: boolean;
  images?: ImagePart[];
}

export interface Tool<Input = unknown> {
  name: string;
  /** Names of policy groups that it belongs to, without `group:`. */
  groups: readonly string[];
  /** One short paragraph for the model. */
  description: string;
  input: z.ZodMiniType<Input>;
  effect(input: Input): ToolEffect;
  /** May throw AppError: the turn shows its message and hint to the model as an error result. */
  run(input: Input, context: ToolContext): Promise<ToolResult>;
}
