/**
 * Plan and apply over layers of resources. Every change is in the journal before it is made; an apply that finds nothing
 * to change writes nothing; one that was killed is finished by running it again.
 */
import { AppError } from '../../domain/errors.ts';
import { openJournal, readJournals, type Journal, type RecordedApply } from './journal.ts';
import type { Layer, LayerInput } from './layer.ts';
import type { Machine } from './machine.ts';
import type { Change, Trigger } from './resource.ts';

export interface PlannedChange {
  layer: string;
  resource: string;
  summary: string;
  diff: string[];
}

/** What `apply` would do now. Changes nothing. */
export async function plan(layers: readonly Layer[], input: LayerInput): Promise<PlannedChange[]> {
  return (await Promise.all(layers.map((layer) => planLayer(layer, input)))).flat();
}

async function planLayer(layer: Layer, input: LayerInput): Promise<PlannedChange[]> {
  const looked = await Promise.all(
    (await layer.resources(input)).map(async (resource) => ({ resource, change: await resource.inspect(input.machine) })),
  );
  return looked.flatMap(({ resource, change }) =>
    change ? [{ layer: layer.id, resource: resource.id, summary: change.summary, diff: change.diff }] : [],
  );
}

export interface ApplyOptions {
  /** Sorts by time, e.g. an ISO date; unique. */
  id: string;
  onChange: (change: PlannedChange) => void;
  onTrigger?: (trigger: Trigger) => void;
}

interface Run {
  input: LayerInput;
  journal: Journal;
  /** Of an apply that was cut short: what it still had to run. */
  leftOver: RecordedApply['pending'];
  options: ApplyOptions;
}

/** Brings every layer to its desired state. Returns how many changes were made. */
export async function apply(layers: readonly Layer[], input: LayerInput, options: ApplyOptions): Promise<number> {
  const last = (await readJournals(input.machine)).at(-1);
  const unfinished = last && !last.finished && last.undone.size === 0 ? last : undefined;
  const journal = openJournal(input.machine, options.id, unfinished);
  const run: Run = { input, journal, leftOver: unfinished?.pending ?? [], options };
  let changes = 0;
  for (const layer of layers) changes += await applyLayer(layer, run);
  await journal.finished();
  return changes;
}

async function applyLayer(layer: Layer, { input, journal, leftOver, options }: Run): Promise<number> {
  const pending = new Map<string, Trigger>();
  for (const { trigger } of leftOver.filter((one) => one.layer === layer.id)) pending.set(trigger.name, trigger);
  let changes = 0;
  for (const resource of await layer.resources(input)) {
    const change = await resource.inspect(input.machine);
    if (!change) continue;
    await runDue(pending, resource.after ?? [], { layer, input, journal, options });
    // What a trigger just did may be all that was to do.
    const still = resource.after ? await resource.inspect(input.machine) : change;
    if (!still) continue;
    options.onChange({ layer: layer.id, resource: resource.id, summary: still.summary, diff: still.diff });
    await make(still, { layer: layer.id, resource: resource.id }, journal);
    for (const trigger of still.triggers) pending.set(trigger.name, trigger);
    changes += 1;
  }
  await runDue(pending, [...pending.keys()], { layer, input, journal, options });
  return changes;
}

interface Due {
  layer: Layer;
  input: LayerInput;
  journal: Journal;
  options: ApplyOptions;
}

async function runDue(
  pending: Map<string, Trigger>,
  names: readonly string[],
  { layer, input, journal, options }: Due,
): Promise<void> {
  for (const name of names) {
    const trigger = pending.get(name);
    if (!trigger) continue;
    options.onTrigger?.(trigger);
    await pull(trigger, input.machine);
    await journal.triggered(layer.id, name);
    pending.delete(name);
  }
}

async function make(change: Change, where: { layer: string; resource: string }, journal: Journal): Promise<void> {
  const number = await journal.begin({ ...where, summary: change.summary, undo: change.undo, triggers: change.triggers });
  await change.apply();
  await journal.done(number);
}

/** Rejects with AppError `unavailable` when the command fails. Does nothing in a tree. */
export async function pull(trigger: Trigger, machine: Machine): Promise<void> {
  if (!machine.live) return;
  for (const [program, ...args] of trigger.commands as readonly [string, ...string[]][]) {
    const file = program.replace(/^-/, '');
    const result = await machine.run(file, args, { timeoutMs: 180_000 });
    if (result.code === 0 || program !== file) continue;
    const said = result.stderr.trim() || result.stdout.trim() || `exit code ${result.code}`;
    throw new AppError('unavailable', `${[file, ...args].join(' ')} failed: ${said}`, {
      hint: 'Mend what it says, then run the same command again: it goes on where it stopped.',
    });
  }
}
