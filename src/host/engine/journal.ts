/**
 * What an apply did, written down before it is done: one file per apply, one JSON object a line, each line on disk before the next step.
 * Rollback reads it backwards. It holds former file contents, so only root may read it; secrets are never in it.
 */
import type { Machine } from './machine.ts';
import type { Trigger, Undo } from './resource.ts';

export const hostStateFolder = '/var/lib/openclaw-host';
export const journalFolder = `${hostStateFolder}/journal`;
const FOLDERS = ['/var', '/var/lib', hostStateFolder, journalFolder] as const;

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
  begin(step: Omit<Step, 'number'>): Promise<number>;
  done(number: number): Promise<void>;
  triggered(layer: string, name: string): Promise<void>;
  finished(): Promise<void>;
}

/**
 * Makes nothing on disk before the first step: an apply that changes nothing writes nothing.
 * `unfinished` is the apply that was cut short: this one goes on in its file, so that one rollback undoes both.
 */
export function openJournal(machine: Machine, id: string, unfinished?: RecordedApply): Journal {
  let count = unfinished?.steps.length ?? 0;
  let written = unfinished !== undefined;
  const write = async (line: Line): Promise<void> => {
    if (!written) await makeFolders(machine);
    written = true;
    await appendLine(machine, unfinished?.id ?? id, line);
  };
  return {
    async begin(step) {
      count += 1;
      await write({ type: 'begin', step: { ...step, number: count } });
      return count;
    },
    done: (number) => write({ type: 'done', number }),
    triggered: (layer, name) => write({ type: 'triggered', layer, name }),
    finished: async () => {
      if (written) await write({ type: 'finished' });
    },
  };
}

export function markUndone(machine: Machine, id: string, number: number): Promise<void> {
  return appendLine(machine, id, { type: 'undone', number });
}

async function makeFolders(machine: Machine): Promise<void> {
  for (const path of FOLDERS) {
    // What the last verification found may be read by everybody; former file contents may not.
    const mode = path === journalFolder ? 0o700 : 0o755;
    if (!(await machine.state(path))) await machine.makeDirectory(path, { mode, uid: 0, gid: 0 });
  }
}

/** The line break stands in front as well: a line that a crash cut off must not swallow this one. */
function appendLine(machine: Machine, id: string, line: Line): Promise<void> {
  return machine.append(`${journalFolder}/${id}.jsonl`, `\n${JSON.stringify(line)}\n`);
}

/** All applies that were recorded, the oldest first. */
export async function readJournals(machine: Machine): Promise<RecordedApply[]> {
  const names = (await machine.list(journalFolder)).filter((name) => name.endsWith('.jsonl'));
  return Promise.all(names.map((name) => readJournal(machine, name.slice(0, -'.jsonl'.length))));
}

async function readJournal(machine: Machine, id: string): Promise<RecordedApply> {
  const record: RecordedApply = { id, steps: [], undone: new Set(), finished: false, pending: [] };
  const text = (await machine.read(`${journalFolder}/${id}.jsonl`))?.toString('utf8') ?? '';
  for (const one of text.split('\n')) {
    const line = parseLine(one);
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
      record.finished = false;
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
