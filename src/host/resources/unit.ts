/** systemd units: enabled, running, and restarted when what they were started from has changed. */
import type { Change, Resource, Trigger } from '../engine/resource.ts';
import type { Machine } from '../engine/machine.ts';
import { parseUnit } from '../units/unit-file.ts';
import { linkResource } from './file.ts';
import { mustRun } from './must-run.ts';

export const daemonReload: Trigger = { name: 'daemon-reload', commands: [['systemctl', 'daemon-reload']] };

/** reset-failed first: a unit that was restarted too often would otherwise stay down. Does nothing where it does not run. */
export function restartTrigger(unit: string): Trigger {
  return {
    name: `restart ${unit}`,
    commands: [
      ['systemctl', 'daemon-reload'],
      ['-systemctl', 'reset-failed', unit],
      ['systemctl', 'try-restart', unit],
    ],
    // It may be gone by then.
    back: [
      ['systemctl', 'daemon-reload'],
      ['-systemctl', 'try-restart', unit],
    ],
  };
}

export interface UnitWish {
  name: string;
  /** Undefined: a unit without [Install]. */
  enabled?: boolean;
  /** Undefined: whether it runs now is not this resource's business. */
  active?: boolean;
}

export interface UnitState {
  known: boolean;
  enabled: boolean;
  active: boolean;
  /** Its file on disk is newer than what systemd has loaded. */
  needsReload: boolean;
}

export async function unitState(machine: Machine, name: string): Promise<UnitState> {
  const values = await unitProperties(machine, name, ['LoadState', 'UnitFileState', 'ActiveState', 'NeedDaemonReload']);
  return {
    known: values.LoadState === 'loaded',
    enabled: /^(enabled|static|alias|generated|indirect)$/.test(values.UnitFileState ?? ''),
    active: /^(active|activating|reloading)$/.test(values.ActiveState ?? ''),
    needsReload: values.NeedDaemonReload === 'yes',
  };
}

export async function unitProperties(
  machine: Machine,
  name: string,
  properties: readonly string[],
): Promise<Record<string, string | undefined>> {
  const shown = await machine.run('systemctl', ['show', name, '-p', properties.join(',')]);
  return Object.fromEntries(
    shown.stdout
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

export function unitResource(wish: UnitWish): Resource {
  return {
    id: `unit:${wish.name}`,
    // A restart that is due does nothing where it does not run yet, and spares a second start.
    after: [daemonReload.name, restartTrigger(wish.name).name],
    async inspect(machine) {
      if (!machine.live) return wish.enabled ? enabledInTree(machine, wish.name) : undefined;
      const state = await unitState(machine, wish.name);
      const steps = stepsTo(wish, state);
      if (steps.length === 0) return undefined;
      return {
        summary: steps.map((step) => step.join(' ')).join(', '),
        diff: [],
        undo: { kind: 'commands', commands: stepsBack(wish, state) },
        triggers: [],
        async apply() {
          if (wish.active) await machine.run('systemctl', ['reset-failed', wish.name]);
          for (const [file, ...args] of steps as [string, ...string[]][])
            await mustRun(machine, file, args, { timeoutMs: 180_000 });
        },
      };
    },
  };
}

function stepsTo(wish: UnitWish, state: UnitState): string[][] {
  const steps: string[][] = [];
  if (state.needsReload) steps.push(['systemctl', 'daemon-reload']);
  if (wish.enabled !== undefined && wish.enabled !== state.enabled)
    steps.push(['systemctl', wish.enabled ? 'enable' : 'disable', wish.name]);
  if (wish.active !== undefined && wish.active !== state.active)
    steps.push(['systemctl', wish.active ? 'start' : 'stop', wish.name]);
  return steps;
}

function stepsBack(wish: UnitWish, state: UnitState): string[][] {
  const steps: string[][] = [];
  if (wish.active !== undefined && wish.active !== state.active)
    steps.push(['systemctl', state.active ? 'start' : 'stop', wish.name]);
  if (wish.enabled !== undefined && wish.enabled !== state.enabled)
    steps.push(['systemctl', state.enabled ? 'enable' : 'disable', wish.name]);
  return steps;
}

const FOLDER = '/etc/systemd/system';

/** What `systemctl enable` would do for a unit of ours: a link for each target that wants it. Units of packages are enabled by them. */
async function enabledInTree(machine: Machine, name: string): Promise<Change | undefined> {
  const text = (await machine.read(`${FOLDER}/${name}`))?.toString('utf8') ?? '';
  const targets = (parseUnit(text).get('Install.WantedBy') ?? []).flatMap((value) => value.split(' '));
  const links = targets.map((target) => linkResource({ path: `${FOLDER}/${target}.wants/${name}`, target: `${FOLDER}/${name}` }));
  const changes = (await Promise.all(links.map((link) => link.inspect(machine)))).filter((change) => change !== undefined);
  if (changes.length === 0) return undefined;
  return {
    summary: `enable ${name}`,
    diff: [],
    undo: { kind: 'several', undos: changes.map(({ undo }) => undo) },
    triggers: [],
    async apply() {
      for (const change of changes) await change.apply();
    },
  };
}
