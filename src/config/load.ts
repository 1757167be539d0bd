/**
 * Loads the configuration: file, environment and command line become one valid value with its defaults and resolved secrets.
 * No file is an empty one, and an empty one works. Nothing is ever written here.
 */
import { processEnvironment, type Environment } from './environment.ts';
import { Assembly, putEnvironment, readLayers, type ConfigFile, type FlagValue, type Origin } from './layers.ts';
import { DEFAULT_PORT, type Locations } from './locations.ts';
import type { ConfigModel } from './model.ts';
import { formatPath, startsWith, valueAt, type ConfigPath } from './path.ts';
import { ConfigError, placeOfKey, problemsOf, readTree, type Problem } from './problems.ts';
import type { ReferenceEdges, RunProgram } from './references.ts';
import { runProgram } from './run-program.ts';
import type { Config } from './schema.ts';
import { expandAll, resolveSecrets } from './secrets.ts';
import { brokenRules } from './start-rules.ts';

export interface LoadOptions {
  locations: Locations;
  env?: Environment;
  flags?: readonly FlagValue[];
  /**
   * `start`: every reference is resolved and every rule holds, else it is refused.
   * `look`: what is missing or unsafe is a note, so that people can look at it and mend it.
   */
  purpose: 'start' | 'look';
  /** Under `look`: the secrets whose references are followed. Default: none. */
  follow?: (path: ConfigPath) => boolean;
  run?: RunProgram;
}

export interface LoadedConfig {
  config: Config;
  /** What all layers say, before defaults and conversions; secrets are `Secret` values here too. */
  said: Readonly<Record<string, unknown>>;
  locations: Locations;
  /** There is a file. */
  exists: boolean;
  text: string;
  /** Process environment and `.env`. Holds secrets: for look-ups by name only. */
  env: Environment;
  /** About the files: one sentence each. */
  warnings: string[];
  /** What would keep the gateway from starting; under `start` it is empty. */
  notes: Problem[];
  /** Where a value comes from. */
  originOf(path: ConfigPath): Origin;
}

/** Throws ConfigError (every problem at once), or AppError `denied`, `limit`, `unavailable` for the file itself. */
export async function loadConfig(model: ConfigModel, options: LoadOptions): Promise<LoadedConfig> {
  const layers = readLayers(options.locations, options.env ?? processEnvironment());
  const assembly = new Assembly(layers.file);
  startNamedPlugins(assembly, model);
  putEnvironment(assembly, layers, model.environmentNames);
  putDefaultPort(assembly, options.locations);
  for (const flag of options.flags ?? []) assembly.put(flag.path, flag.value, { words: `the option ${flag.name}` });
  const edges = { env: layers.env, homeDir: options.locations.homeDir, run: options.run ?? runProgram };
  const follow = options.purpose === 'start' ? () => true : (options.follow ?? (() => false));
  const { config, notes } = await finish(model, layers.file, assembly, { ...edges, follow });
  if (options.purpose === 'start' && notes.length > 0) throw new ConfigError(layers.file.path, notes);
  return {
    config,
    said: assembly.value,
    locations: options.locations,
    exists: layers.file.exists,
    text: layers.file.text,
    env: layers.env,
    warnings: layers.warnings,
    notes,
    originOf: (path) => assembly.originOf(path),
  };
}

/**
 * Checks a text as if it were the file: what stands in it, without the environment around it. No reference is followed.
 * Throws ConfigError; returns what would keep a gateway from starting with it.
 */
export async function checkText(model: ConfigModel, locations: Locations, text: string, env: Environment): Promise<Problem[]> {
  const file = { path: locations.configPath, text, exists: true, tree: readTree(locations.configPath, text) };
  const assembly = new Assembly(file);
  const { notes } = await finish(model, file, assembly, {
    env,
    homeDir: locations.homeDir,
    run: runProgram,
    follow: () => false,
  });
  return notes;
}

interface FinishEdges extends ReferenceEdges {
  follow: (path: ConfigPath) => boolean;
}

async function finish(
  model: ConfigModel,
  file: ConfigFile,
  assembly: Assembly,
  edges: FinishEdges,
): Promise<{ config: Config; notes: Problem[] }> {
  const expanded = expandAll(model.schema, assembly.value, edges);
  const { problems, unfollowed } = await resolveSecrets(model.schema, assembly.value, edges, edges.follow);
  const config = validate(model, file, assembly);
  const unresolved = new Set(
    [...expanded, ...problems]
      .map(({ path }) => path)
      .concat(unfollowed)
      .map(formatPath),
  );
  const broken = brokenRules(config, (path) => unresolved.has(formatPath(path)));
  return { config, notes: [...expanded, ...problems, ...broken].map((one) => assembly.place(one)) };
}

function putDefaultPort(assembly: Assembly, { defaultPort }: Locations): void {
  const path = ['gateway', 'port'];
  if (valueAt(assembly.value, path) !== undefined) return;
  assembly.put(path, defaultPort, { words: defaultPort === DEFAULT_PORT ? 'default' : 'the option --dev' });
}

/** `plugins.entries.<id>.enabled: true` runs a channel that has no section of its own. */
function startNamedPlugins(assembly: Assembly, { channels }: ConfigModel): void {
  for (const { id } of channels) {
    const path = ['channels', id];
    const isEnabled = valueAt(assembly.value, ['plugins', 'entries', id, 'enabled']) === true;
    if (isEnabled && valueAt(assembly.value, path) === undefined) {
      assembly.put(path, {}, { words: `plugins.entries.${id}.enabled` });
    }
  }
}

function validate(model: ConfigModel, file: ConfigFile, assembly: Assembly): Config {
  // Without compiled validators: the configuration is parsed once, and compiling them costs 30 ms.
  const result = model.schema.safeParse(assembly.value, { jitless: true });
  if (result.success) return result.data;
  const problems = problemsOf(model.schema, result.error, assembly.value).map((problem) => {
    const place = placeOfKey(file.text, file.tree, problem.path);
    const isUnknownKey = problem.message.startsWith('unknown key');
    return assembly.place(isUnknownKey && place ? { ...problem, place } : problem);
  });
  throw new ConfigError(file.path, problems);
}

/** A follower for `look`: the secrets at and below a path. */
export function below(prefix: ConfigPath): (path: ConfigPath) => boolean {
  return (path) => startsWith(path, prefix);
}
