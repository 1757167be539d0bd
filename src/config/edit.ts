/**
 * `config set` and `config unset`: one value of the file changes, every other byte stays. The new text is checked as a whole
 * before it is written. Environment, defaults and resolved secrets never reach the file.
 */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod/mini';
import { AppError } from '../domain/errors.ts';
import type { RestartScope } from '../domain/setting.ts';
import { processEnvironment, type Environment } from './environment.ts';
import { removeValue, setValue } from './json5/splice.ts';
import { LARGEST_TEXT, parseTree, valueOf } from './json5/tree.ts';
import { knownKey, unwrap, factsOf } from './known.ts';
import { readEnvironment } from './layers.ts';
import { checkText } from './load.ts';
import type { Locations } from './locations.ts';
import type { ConfigModel } from './model.ts';
import { formatPath, startsWith, valueAt, type ConfigPath } from './path.ts';
import { ConfigError, readTree, unknownKey, type Problem } from './problems.ts';
import { readSafeFile } from './safe-file.ts';
import { writeConfigFile } from './write.ts';

export interface Editor {
  model: ConfigModel;
  locations: Locations;
  /** For looking whether `${VAR}` has a value. */
  env: Environment;
}

/** An editor of this installation, with the environment that its gateway would find here. */
export function createEditor(model: ConfigModel, locations: Locations): Editor {
  return { model, locations, env: readEnvironment(locations, processEnvironment()).env };
}

export interface Edit {
  path: ConfigPath;
  /** False when it stood like that already; nothing was written then. */
  changed: boolean;
  /** What the change needs to take effect. */
  restart: RestartScope;
  /** The key holds a secret. */
  secret: boolean;
  /** What would still keep the gateway from starting. */
  notes: Problem[];
}

/** Sets one value. Throws ConfigError where the result would be invalid, and what `writeConfigFile` throws. */
export async function setInFile(editor: Editor, path: ConfigPath, value: unknown): Promise<Edit> {
  return finish(editor, path, { before: readText(editor), change: [{ path, value }] });
}

export interface Change {
  path: ConfigPath;
  value: unknown;
}

/** Sets several values in one write. `changesFor` is told what the file says now, references as they are written. */
export async function changeFile(editor: Editor, changesFor: (said: unknown) => readonly Change[]): Promise<Edit> {
  const before = readText(editor);
  return finish(editor, [], { before, change: changesFor(plain(before ?? '')) });
}

function apply(editor: Editor, text: string, { path, value }: Change): string {
  if (!knownKey(editor.model.schema, path)) {
    throw new AppError('invalid', `${formatPath(path)}: ${unknownKey(editor.model.schema, path)}`, {
      hint: 'All keys: openclaw config docs',
    });
  }
  const after = setValue(text, path, value);
  if (!isDeepStrictEqual(valueAt(plain(after), path), value)) throw new Error(`${formatPath(path)} was not set as asked`);
  return after;
}

/** Removes one value. AppError `not_found` when there is none. */
export async function unsetInFile(editor: Editor, path: ConfigPath): Promise<Edit> {
  const before = readText(editor);
  const after = before === undefined ? undefined : removeValue(before, path);
  if (after === undefined) {
    throw new AppError('not_found', `Config path not found: ${formatPath(path)}`, {
      hint: `It is not in ${editor.locations.configPath}.`,
    });
  }
  return finish(editor, path, { before, after });
}

interface Rewrite {
  before: string | undefined;
  after?: string;
  change?: readonly Change[];
}

async function finish(editor: Editor, path: ConfigPath, { before, after: given, change = [] }: Rewrite): Promise<Edit> {
  const { model, locations, env } = editor;
  const after = change.reduce((text, one) => apply(editor, text, one), given ?? before ?? '');
  const notes = await checkText(model, locations, after, env).catch((error: unknown) => refuse(locations, path, error));
  // Unsafe by this very edit is refused; what was so before can be mended step by step.
  const unsafe = notes.filter((note) => !note.passing && !note.absent && startsWith(note.path, path));
  if (unsafe.length > 0) refuse(locations, path, new ConfigError(locations.configPath, unsafe));
  const changed = after !== (before ?? '');
  if (changed) writeConfigFile(locations.configPath, before, after);
  const known = knownKey(model.schema, path);
  return { path, changed, restart: known?.restart ?? 'gateway', secret: known?.facts.secret === true, notes };
}

/** The text that is refused is nowhere to be seen: no places in it. */
function refuse({ configPath }: Locations, path: ConfigPath, error: unknown): never {
  if (!(error instanceof ConfigError)) throw error;
  const problems = error.problems.map((problem) => {
    const { place: _, ...rest } = problem;
    return startsWith(problem.path, path) ? rest : problem;
  });
  throw new ConfigError(configPath, problems, {
    title: 'Not changed',
    hint: 'Nothing was written. All keys: openclaw config docs',
    cause: error,
  });
}

function readText({ locations }: Editor): string | undefined {
  const text = readSafeFile(locations.configPath, { maxBytes: LARGEST_TEXT, readableByOthers: 'warn' })?.text;
  if (text !== undefined) readTree(locations.configPath, text);
  return text;
}

function plain(text: string): unknown {
  const tree = parseTree(text);
  return tree && valueOf(tree);
}

/**
 * The value that an argument means: JSON5, else the text itself. A key that takes text gets the text as it is,
 * so that a token of digits stays a text. With `json` it must be JSON5.
 */
export function valueOfArgument(model: ConfigModel, path: ConfigPath, argument: string, json: boolean): unknown {
  const known = knownKey(model.schema, path);
  try {
    const tree = parseTree(argument);
    const value = tree && valueOf(tree);
    if (tree && (json || typeof value === 'string' || !known || !takesOnlyText(known.schema))) return value;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (json)
      throw new AppError('invalid', `the value is no JSON5: ${error.message}`, {
        hint: 'Without --json it is taken as text.',
        cause: error,
      });
  }
  if (json && argument.trim() === '')
    throw new AppError('invalid', 'the value is empty', { hint: 'Use config unset to remove a key.' });
  return argument;
}

function takesOnlyText(schema: z.core.$ZodType): boolean {
  if (factsOf(schema).secret) return true;
  const bare = unwrap(schema);
  if (bare instanceof z.core.$ZodUnion) return bare._zod.def.options.every(takesOnlyText);
  return (
    bare instanceof z.core.$ZodString ||
    (bare instanceof z.core.$ZodEnum && Object.values(bare._zod.def.entries).every((one) => typeof one === 'string'))
  );
}
