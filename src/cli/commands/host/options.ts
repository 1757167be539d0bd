/** What the host commands share: their options, and everything that a layer is looked at with. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { AppError } from '../../../domain/errors.ts';
import type { Layer, LayerInput, Profile } from '../../../host/engine/layer.ts';
import { createMachine } from '../../../host/engine/machine.ts';
import { layers } from '../../../host/layers/index.ts';
import { requireKnownHost, requireRoot } from '../../../host/preconditions.ts';
import { readHostFacts } from '../../../host/settings/facts.ts';
import { loadHostSettings } from '../../../host/settings/load.ts';
import { version } from '../../../version.ts';
import type { CliContext } from '../../context.ts';

/** `--profile` is read by the command line itself, since it stands before or behind any command. */
export const hostArgs = {
  json: { type: 'boolean', description: 'print JSON' },
  only: { type: 'string', description: 'only these layers, e.g. ufw or ufw,docker-user' },
  root: { type: 'string', description: 'write into this tree instead; executes nothing' },
} as const;

export interface HostOptions {
  only?: string | undefined;
  root?: string | undefined;
}

export interface HostWork {
  layers: readonly Layer[];
  input: LayerInput;
}

/** Rejects with AppError when this is no host for it, before anything is changed. */
export async function prepareHost(options: HostOptions, context: CliContext, command: string): Promise<HostWork> {
  const chosen = chooseLayers(options.only);
  const machine = createMachine(options.root === undefined ? '/' : resolve(options.root));
  requireRoot(machine.live, `openclaw host ${command}`);
  const settings = await loadHostSettings(machine);
  const profile = profileOf(context.options.profile) ?? settings.profile;
  const input = {
    machine,
    settings: { ...settings, profile },
    facts: await readHostFacts(machine),
    program: { root: programRoot(), version },
  };
  await requireKnownHost(input);
  return { layers: chosen, input };
}

function chooseLayers(only: string | undefined): readonly Layer[] {
  if (only === undefined) return layers;
  const names = only
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const unknown = names.find((name) => !layers.some(({ id }) => id === name));
  if (unknown !== undefined || names.length === 0) {
    throw new AppError('invalid', `There is no layer "${unknown ?? only}".`, {
      hint: `Layers: ${layers.map(({ id }) => id).join(', ')}`,
    });
  }
  return layers.filter(({ id }) => names.includes(id));
}

function profileOf(name: string | undefined): Profile | undefined {
  if (name === undefined || name === 'hardened' || name === 'reference') return name;
  throw new AppError('invalid', `There is no profile "${name}".`, { hint: 'Profiles: hardened, reference' });
}

/** The folder that holds `bin/openclaw` of the program that runs. */
function programRoot(): string {
  let folder = dirname(realpathSync(process.argv[1] ?? '.'));
  while (!existsSync(`${folder}/bin/openclaw`)) {
    if (folder === '/')
      throw new AppError('not_found', 'This program does not know where it lies.', { hint: 'Start it by its bin/openclaw.' });
    folder = dirname(folder);
  }
  return folder;
}
