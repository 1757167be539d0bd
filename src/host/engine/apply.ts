/**
 * Plan, apply and rollback over layers of resources. Every change is in the journal before it is made;
 * an apply that finds nothing to change writes nothing; one that was killed is finished by running it again.
 */
import { AppError } from '../../domain/errors.ts';
import { markUndone, openJournal, readJournals, type Journal, type RecordedApply, type Step } from './journal.ts';
import type { Layer, LayerInput } from './layer.ts';
import type { Machine } from './machine.ts';
import type { Change, Trigger, Undo } from './resource.ts';

export interface PlannedChange {
  layer: string;
  resource: string;
  summary: string;
  diff: string[];
}

/** What `apply` would do now. Changes nothing. */
export async function plan(layers: readonly Layer[], input: LayerInput): Promise<PlannedChange[]> {
  const planned: PlannedChange[] = [];
  for (const layer of layers) {
    for (const resource of await layer.resources(input)) {
      const change = await resource.inspect(input.machine);
      if (change) planned.push({ layer: layer.id, resource: resource.id, summary: change.summary, diff: change.diff });
    }
  }
  return planned;
}

export interface ApplyOptions {
  /** Sorts by time, e.g. an ISO date; unique. */
  id: string;
  onChange: (change: PlannedChange) => void;
}

/** Brings every layer to its desired state. Returns how many changes were made. */
export async function apply(layers: readonly Layer[], input: LayerInput, options: ApplyOptions): Promise<number> {
  const journal = openJournal(input.machine.root, options.id);
  const leftOver = readJournals(input.machine.root).flatMap((record) => record.pending.map((one) => ({ ...one, id: record.id })));
  let changes = 0;
  for (const layer of layers) {
    const pending = new Map<string, Trigger>();
    for (const { trigger } of leftOver.filter((one) => one.layer === layer.id)) pending.set(trigger.name, trigger);
    for (const resource of await layer.resources(input)) {
      const change = await resource.inspect(input.machine);
      if (!change) continue;
      options.onChange({ layer: layer.id, resource: resource.id, summary: change.summary, diff: change.diff });
      await make(change, { layer: layer.id, resource: resource.id }, journal);
      for (const trigger of change.triggers) pending.set(trigger.name, trigger);
      changes += 1;
    }
    for (const trigger of pending.values()) await pull(trigger, input.machine);
    for (const name of pending.keys()) {
      for (const old of leftOver.filter((one) => one.layer === layer.id && one.trigger.name === name)) {
        openJournal(input.machine.root, old.id).triggered(layer.id, name);
      }
      if (changes > 0) journal.triggered(layer.id, name);
    }
  }
  journal.finished();
  return changes;
}

async function make(change: Change, where: { layer: string; resource: string }, journal: Journal): Promise<void> {
  const number = journal.begin({ ...where, summary: change.summary, undo: change.undo, triggers: change.triggers });
  await change.apply();
  journal.done(number);
}

async function pull(trigger: Trigger, machine: Machine): Promise<void> {
  if (!machine.live) return;
  const [file, ...args] = trigger.command as [string, ...string[]];
  const result = await machine.run(file, args, { timeoutMs: 180_000 });
  if (result.code === 0) return;
  throw new AppError(
    'unavailable',
    `${trigger.command.join(' ')} failed: ${result.stderr.trim() || `exit code ${result.code}`}`,
    {
      hint: 'Mend what it says, then run the same command again: it goes on where it stopped.',
    },
  );
}

export interface Undone {
  summary: string;
  /** Why it could not be undone. */
  problem?: string;
}

/** Undoes the last recorded apply that is not undone yet; `all` undoes every one. Returns what was done, in order. */
export async function rollback(machine: Machine, options: { all: boolean }): Promise<Undone[]> {
  const open = readJournals(machine.root).filter((record) => record.steps.some((step) => !record.undone.has(step.number)));
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
    markUndone(machine.root, record.id, step.number);
    for (const trigger of step.triggers) triggers.set(trigger.name, trigger);
  }
  for (const trigger of triggers.values()) {
    // What the trigger acts on may be gone by now; the next one still has to run.
    await pull(trigger, machine).catch((error: unknown) =>
      results.push({ summary: trigger.name, problem: (error as Error).message }),
    );
  }
  return results;
}

async function undoStep(machine: Machine, step: Step): Promise<Undone> {
  const problem = await undo(machine, step.undo).catch((error: unknown) => (error as Error).message);
  return problem === undefined ? { summary: step.summary } : { summary: step.summary, problem };
}

/** Returns a problem in words, or undefined when it is undone. */
async function undo(machine: Machine, how: Undo): Promise<string | undefined> {
  switch (how.kind) {
    case 'file':
      if (!how.before) await machine.remove(how.path);
      else await machine.write(how.path, Buffer.from(how.before.base64, 'base64'), how.before);
      return undefined;
    case 'link':
      if (how.target === undefined) await machine.remove(how.path);
      else await machine.link(how.path, how.target);
      return undefined;
    case 'directory':
      if (how.before) await machine.setOwnership(how.path, how.before);
      else if (!(await machine.removeDirectory(how.path))) return `${how.path} is not empty and was left`;
      return undefined;
    case 'commands':
      return runAll(machine, how.commands);
    case 'nothing':
      return how.why;
  }
}

async function runAll(machine: Machine, commands: readonly (readonly string[])[]): Promise<string | undefined> {
  const problems: string[] = [];
  for (const [file, ...args] of commands as readonly [string, ...string[]][]) {
    const result = await machine.run(file, args, { timeoutMs: 180_000 });
    if (result.code !== 0) problems.push(`${[file, ...args].join(' ')}: ${result.stderr.trim() || `exit code ${result.code}`}`);
  }
  return problems.length ? problems.join('; ') : undefined;
}
