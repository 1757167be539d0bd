/**
 * What a command is. Leaves are citty definitions, loaded when they are called; the tree above them is data,
 * so that help and completion need to load nothing.
 */
import type { ArgsDef, CommandDef } from 'citty';
import type { CliContext } from './context.ts';

export interface CommandLeaf {
  description: string;
  /** A citty command; its own argument types differ from leaf to leaf. */
  load: () => Promise<{ default: object }>;
}

export interface CommandGroup {
  description: string;
  commands: Record<string, CommandNode>;
  /** What the group's bare name does; a leaf of `commands`. */
  bare?: string;
}

export type CommandNode = CommandLeaf | CommandGroup;

/** A citty command whose `data` is a CliContext and whose result is the exit code (nothing means 0). */
export type AnyCommand = CommandDef<ArgsDef>;

export function isGroup(node: CommandNode): node is CommandGroup {
  return 'commands' in node;
}

/** The context that the runner passes to a citty command's `run`. */
export function contextOf(run: { data?: unknown }): CliContext {
  return run.data as CliContext;
}
