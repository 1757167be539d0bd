/**
 * What an apply did, written down before it is done: one file per apply, one JSON object a line, each line on disk before the next step.
 * Rollback reads it backwards. It holds former file contents, so only root may read it.
 */
import { appendFileSync, closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Trigger, Undo } from './resource.ts';

export const journalFolder = '/var/lib/openclaw-host/journal';

export interface Step {
  number: number;
  layer: string;
  resource: string;
  summary: string;
  undo: Undo;
  triggers: readonly Trigger[];
}

type Line =
  | { type: 'begin'; step: Step }
  | { type: 'done'; number: number }
  | { type: 'triggered'; layer: string; name: string }
  | { type: 'finished' }
  | { type: 'undone'; number: number };

export interface RecordedApply {
  id: string;
  steps: Step[];
  undone: Set<number>;
  finished: boolean;
  /** Triggers of begun steps that have not run. */
  pending: { layer: string; trigger: Trigger }[];
}

export interface Journal {
  readonly id: string;
  begin(step: Omit<Step, 'number'>): number;
  done(number: number): void;
  triggered(layer: string, name: string): void;
  finished(): void;
}

/** Makes nothing on disk before the first step: an apply that changes nothing writes nothing. */
export function openJournal(root: string, id: string): Journal {
  let count = 0;
  const write = (line: Line): void => appendLine(root, id, line);
  return {
    id,
    begin(step) {
      count += 1;
      write({ type: 'begin', step: { ...step, number: count } });
      return count;
    },
    done: (number) => write({ type: 'done', number }),
    triggered: (layer, name) => write({ type: 'triggered', layer, name }),
    finished: () => {
      if (count > 0) write({ type: 'finished' });
    },
  };
}

export function markUndone(root: string, id: string, number: number): void {
  appendLine(root, id, { type: 'undone', number });
}

function appendLine(root: string, id: string, line: Line): void {
  const folder = join(root, journalFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = openSync(join(folder, `${id}.jsonl`), 'a', 0o600);
  try {
    appendFileSync(file, `${JSON.stringify(line)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** All applies that were recorded, the oldest first. */
export function readJournals(root: string): RecordedApply[] {
  let names: string[];
  try {
    names = readdirSync(join(root, journalFolder));
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.jsonl'))
    .toSorted()
    .map((name) => readJournal(root, name.slice(0, -'.jsonl'.length)));
}

function readJournal(root: string, id: string): RecordedApply {
  const record: RecordedApply = { id, steps: [], undone: new Set(), finished: false, pending: [] };
  for (const text of readFileSync(join(root, journalFolder, `${id}.jsonl`), 'utf8').split('\n')) {
    const line = parseLine(text);
    if (line) addLine(record, line);
  }
  return record;
}

/** A line that was cut off by a crash was not followed by its change: it is left out. */
function parseLine(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}

function addLine(record: RecordedApply, line: Line): void {
  switch (line.type) {
    case 'begin':
      record.steps.push(line.step);
      for (const trigger of line.step.triggers) record.pending.push({ layer: line.step.layer, trigger });
      break;
    case 'triggered':
      record.pending = record.pending.filter((one) => one.layer !== line.layer || one.trigger.name !== line.name);
      break;
    case 'undone':
      record.undone.add(line.number);
      break;
    case 'finished':
      record.finished = true;
      break;
    case 'done':
      break;
  }
}
