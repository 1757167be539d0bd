/**
 * Puts the layers of the configuration on top of each other: file, `.env`, process environment, command line.
 * It knows where every value came from. Reads two files and nothing else.
 */
import { ConfigError, placeOf, readTree, type Problem } from './problems.ts';
import type { EnvironmentName } from './environment-names.ts';
import type { Environment } from './environment.ts';
import { parseDotEnv } from './dotenv.ts';
import { LARGEST_TEXT, valueOf, type TreeNode } from './json5/tree.ts';
import type { Locations } from './locations.ts';
import { startsWith, valueAt, type ConfigPath } from './path.ts';
import { readSafeFile } from './safe-file.ts';

/** A value of the command line. */
export interface FlagValue {
  /** As typed, e.g. `--port`. */
  name: string;
  path: ConfigPath;
  value: unknown;
}

export interface ConfigFile {
  path: string;
  /** Empty when there is no file. */
  text: string;
  exists: boolean;
  tree: TreeNode | undefined;
}

export interface Layers {
  file: ConfigFile;
  /** `.env` under the process environment. Holds secrets. */
  env: Environment;
  /** Names that only `.env` gives. */
  fromDotEnv: ReadonlySet<string>;
  warnings: string[];
}

/** Throws ConfigError for a file that is no JSON5, and what `readSafeFile` throws. */
export function readLayers(locations: Locations, processEnv: Environment): Layers {
  const warnings: string[] = [];
  const file = readConfigFile(locations.configPath, warnings);
  const environment = readEnvironment(locations, processEnv);
  return { file, ...environment, warnings: [...warnings, ...environment.warnings] };
}

/** `.env` under the process environment. Throws AppError for a bad line, and what `readSafeFile` throws. */
export function readEnvironment(locations: Locations, processEnv: Environment): Omit<Layers, 'file'> {
  const dotEnv = readSafeFile(locations.dotEnvPath, { maxBytes: 64 * 1024, readableByOthers: 'warn' });
  const values = dotEnv ? parseDotEnv(locations.dotEnvPath, dotEnv.text) : {};
  const added = Object.keys(values).filter((name) => !processEnv[name] && values[name]);
  const env = { ...processEnv, ...Object.fromEntries(added.map((name) => [name, values[name]])) };
  return { env, fromDotEnv: new Set(added), warnings: dotEnv?.warnings ?? [] };
}

function readConfigFile(path: string, warnings: string[]): ConfigFile {
  const found = readSafeFile(path, { maxBytes: LARGEST_TEXT, readableByOthers: 'warn' });
  if (!found) return { path, text: '', exists: false, tree: undefined };
  warnings.push(...found.warnings);
  const tree = readTree(path, found.text);
  if (tree && tree.kind !== 'object') {
    throw new ConfigError(path, [{ path: [], message: 'expected an object: { … }.' }]);
  }
  return { path, text: found.text, exists: true, tree };
}

/** Where a value comes from. */
export interface Origin {
  /** `file`, `default`, `the environment variable X`, `X in .env`, `the option --x`. */
  words: string;
  /** The variable, when it is one. */
  variable?: EnvironmentName;
}

/** The layers as one plain value. It knows the origin of each part. */
export class Assembly {
  readonly value: Record<string, unknown>;
  readonly #file: ConfigFile;
  readonly #fromFile: unknown;
  readonly #origins: { path: ConfigPath; origin: Origin }[] = [];

  constructor(file: ConfigFile) {
    this.#file = file;
    this.value = (file.tree ? valueOf(file.tree) : {}) as Record<string, unknown>;
    this.#fromFile = file.tree ? valueOf(file.tree) : {};
  }

  isInFile(path: ConfigPath): boolean {
    return valueAt(this.#fromFile, path) !== undefined;
  }

  put(path: ConfigPath, value: unknown, origin: Origin): void {
    let here: Record<string | number, unknown> = this.value;
    for (const step of path.slice(0, -1)) {
      const next = (here[step] ??= {});
      // The file has something else here: the schema will say so.
      if (!isRecord(next)) return;
      here = next;
    }
    here[path.at(-1) as string] = value;
    this.#origins.push({ path, origin });
  }

  drop(path: ConfigPath): void {
    const above = valueAt(this.value, path.slice(0, -1));
    if (isRecord(above)) delete above[path.at(-1) as string];
  }

  /** The last layer counts. */
  originOf(path: ConfigPath): Origin {
    const above = this.#origins.findLast((one) => startsWith(path, one.path));
    return above?.origin ?? { words: this.isInFile(path) ? 'file' : 'default' };
  }

  /** The same problem, with where it stands. */
  place(problem: Problem): Problem {
    const above = this.#origins.findLast((one) => startsWith(problem.path, one.path));
    if (above) return { ...problem, source: above.origin.words };
    const place = problem.place ?? placeOf(this.#file.text, this.#file.tree, problem.path);
    return place ? { ...problem, place } : problem;
  }
}

function isRecord(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Environment variables over the file: `.env` first, so that the process environment wins; of a path's names the first one. */
export function putEnvironment(assembly: Assembly, layers: Layers, names: readonly EnvironmentName[]): void {
  const present = names.toReversed().filter(({ name }) => layers.env[name]);
  const [lower, upper] = [true, false].map((inFile) => present.filter(({ name }) => layers.fromDotEnv.has(name) === inFile));
  for (const entry of [...(lower ?? []), ...(upper ?? [])]) {
    if (entry.onlyWith && valueAt(assembly.value, entry.onlyWith) === undefined) continue;
    if (entry.notWith?.every((path) => assembly.isInFile(path))) continue;
    const words = layers.fromDotEnv.has(entry.name) ? `${entry.name} in .env` : `the environment variable ${entry.name}`;
    const value = valueOfVariable(entry, layers.env[entry.name] as string);
    for (const path of entry.paths) assembly.put(path, value, { words, variable: entry });
    for (const path of entry.insteadOf ?? []) assembly.drop(path);
  }
}

function valueOfVariable(entry: EnvironmentName, text: string): unknown {
  // What is no number stays text, and the schema says what was expected.
  return entry.kind === 'number' && /^\d{1,9}$/.test(text) ? Number(text) : text;
}
