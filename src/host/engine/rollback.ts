/** Undoes what an apply did, from its journal, backwards: byte, owner and mode. What cannot be undone is said and does not stop the rest. */
import { messageOf } from '../../domain/errors.ts';
import { pull } from './apply.ts';
import { markUndone, readJournals, type RecordedApply, type Step } from './journal.ts';
import type { Machine } from './machine.ts';
import type { Trigger, Undo } from './resource.ts';

export interface Undone {
  summary: string;
  /** Why it could not be undone. */
  problem?: string;
}

/** Undoes the last recorded apply that is not undone yet; `all` undoes every one. Returns what was done, in order. */
export async function rollback(machine: Machine, options: { all: boolean }): Promise<Undone[]> {
  const open = (await readJournals(machine)).filter((record) => record.steps.some((step) => !record.undone.has(step.number)));
  const chosen = options.all ? open.toReversed() : open.slice(-1);
  const results: Undone[] = [];
  for (const record of chosen) results.push(...(await undoApply(machine, record)));
  return results;
}

async function undoApply(machine: Machine, record: RecordedApply): Promise<Undone[]> {
  const results: Undone[] = [];
  const triggers = new Map<string, Trigger>();
  for (const step of record.steps.toReversed().filter((one) => !record.undone.has(one.number))) {
    results.push(await undoStep(machine, step));
    await markUndone(machine, record.id, step.number);
    for (const trigger of step.triggers) triggers.set(trigger.name, trigger);
  }
  for (const trigger of triggers.values()) {
    // What the trigger acts on may be gone by now; the next one still has to run.
    await pull({ ...trigger, commands: trigger.back ?? trigger.commands }, machine).catch((error: unknown) =>
      results.push({ summary: trigger.name, problem: messageOf(error) }),
    );
  }
  return results;
}

async function undoStep(machine: Machine, step: Step): Promise<Undone> {
  const problem = await undo(machine, step.undo).catch(messageOf);
  return problem === undefined ? { summary: step.summary } : { summary: step.summary, problem };
}

/** Returns a problem in words, or undefined when it is undone. */
async function undo(machine: Machine, how: Undo): Promise<string | undefined> {
  switch (how.kind) {
    case 'file':
      return undoFile(machine, how);
    case 'ownership':
      return undoOwnership(machine, how);
    case 'link':
      return undoLink(machine, how);
    case 'directory':
      return undoDirectory(machine, how);
    case 'tree':
      await machine.removeTree(how.path);
      return undefined;
    case 'several':
      return joined(await inOrder(how.undos, (one) => undo(machine, one)));
    case 'commands':
      return undoCommands(machine, how);
    case 'nothing':
      return how.why;
  }
}

type Of<Kind extends Undo['kind']> = Extract<Undo, { kind: Kind }>;

async function undoFile(machine: Machine, { path, before }: Of<'file'>): Promise<undefined> {
  if (before) await machine.write(path, Buffer.from(before.base64, 'base64'), before);
  else await machine.remove(path);
}

async function undoOwnership(machine: Machine, { path, before }: Of<'ownership'>): Promise<undefined> {
  if (await machine.state(path)) await machine.setOwnership(path, before);
}

async function undoLink(machine: Machine, { path, target }: Of<'link'>): Promise<undefined> {
  if (target === undefined) await machine.remove(path);
  else await machine.link(path, target);
}

async function undoCommands(machine: Machine, { commands }: Of<'commands'>): Promise<string | undefined> {
  return machine.live ? joined(await inOrder(commands, (command) => runBack(machine, command))) : undefined;
}

async function undoDirectory(machine: Machine, { path, before }: Of<'directory'>): Promise<string | undefined> {
  if (!(await machine.state(path))) return undefined;
  if (before) await machine.setOwnership(path, before);
  else if (!(await machine.removeDirectory(path))) return `${path} is not empty and was left`;
  return undefined;
}

async function inOrder<T>(items: readonly T[], act: (item: T) => Promise<string | undefined>): Promise<(string | undefined)[]> {
  const results: (string | undefined)[] = [];
  for (const item of items) results.push(await act(item).catch(messageOf));
  return results;
}

function joined(problems: (string | undefined)[]): string | undefined {
  return problems.filter((one) => one !== undefined).join('; ') || undefined;
}

async function runBack(machine: Machine, [file, ...args]: readonly string[]): Promise<string | undefined> {
  const result = await machine.run(file as string, args, { timeoutMs: 180_000 });
  if (result.code === 0) return undefined;
  return `${[file, ...args].join(' ')}: ${result.stderr.trim() || `exit code ${result.code}`}`;
}
