/** Layer 7: Tailscale. SSH on, Funnel off, a policy for the tailnet with its own tests. A host without it is told so, with the command that installs it. */
import type { Check, Observation } from '../../domain/check.ts';
import type { Layer, LayerInput } from '../engine/layer.ts';
import { finding, holds, hostCheck, unobserved } from '../engine/observations.ts';
import type { Resource } from '../engine/resource.ts';
import { fileResource, rootOwned } from '../resources/file.ts';
import { mustRun } from '../resources/must-run.ts';
import { tailnetState, type TailnetState } from '../tailnet/cli.ts';
import { tailnetPolicy } from '../tailnet/policy.ts';

const INSTALL = 'curl -fsSL https://tailscale.com/install.sh | sh && tailscale up --ssh';
const REPAIR = 'openclaw host repair --only tailscale';
export const policyFile = '/etc/openclaw/tailnet-policy.json';

export const tailscale: Layer = {
  id: 'tailscale',
  title: 'Tailscale',
  rows: [1, 2],
  resources: ({ settings }) =>
    Promise.resolve([
      fileResource({
        path: policyFile,
        content: `${JSON.stringify(tailnetPolicy(settings.tailnetTag, settings.adminUser ?? 'admin'), undefined, 2)}\n`,
        ...rootOwned(0o644),
      }),
      commandResource('tailscale:ssh', {
        needed: (state) => state.running && !state.ssh,
        command: ['set', '--ssh'],
        back: ['set', '--ssh=false'],
      }),
      commandResource('tailscale:funnel', {
        needed: (state) => (state.funnel ?? []).length > 0,
        command: ['funnel', 'reset'],
        back: undefined,
      }),
    ]),
  checks: (input) => [
    tailnetCheck(input, { name: 'joined', title: 'This host is in the tailnet', rows: [2], observe: joined }),
    tailnetCheck(input, { name: 'ssh', title: 'Tailscale SSH is on', rows: [2], observe: sshOn }),
    tailnetCheck(input, { name: 'funnel', title: 'Funnel is off', rows: [1], observe: funnelOff }),
  ],
};

interface CommandWish {
  needed: (state: TailnetState) => boolean;
  command: readonly string[];
  back: readonly string[] | undefined;
}

function commandResource(id: string, { needed, command, back }: CommandWish): Resource {
  return {
    id,
    async inspect(machine) {
      if (!needed(await tailnetState(machine))) return undefined;
      return {
        summary: `tailscale ${command.join(' ')}`,
        diff: [],
        undo: back
          ? { kind: 'commands', commands: [['tailscale', ...back]] }
          : { kind: 'nothing', why: 'what Funnel published is not published again' },
        triggers: [],
        apply: async () => void (await mustRun(machine, 'tailscale', command)),
      };
    },
  };
}

interface TailnetCheck {
  name: string;
  title: string;
  rows: readonly number[];
  observe: (state: TailnetState) => Observation;
}

function tailnetCheck({ machine }: LayerInput, { name, title, rows, observe }: TailnetCheck): Check {
  return hostCheck({
    id: `tailscale.${name}`,
    title,
    rows,
    async observe() {
      const state = await tailnetState(machine);
      return state.installed ? observe(state) : unobserved('Tailscale is not installed', INSTALL);
    },
  });
}

function joined(state: TailnetState): Observation {
  if (!state.running) return unobserved('Tailscale is installed but not up', 'tailscale up --ssh');
  return holds(state.addresses.join(', '));
}

function sshOn(state: TailnetState): Observation {
  if (!state.running) return unobserved('Tailscale is not up', 'tailscale up --ssh');
  return state.ssh ? holds('it answers for this host') : finding('it is off', REPAIR);
}

function funnelOff({ funnel }: TailnetState): Observation {
  if (!funnel) return unobserved('tailscale does not say what it serves', 'tailscale serve status --json');
  return funnel.length ? finding(`published to everybody: ${funnel.join(', ')}`, REPAIR) : holds('nothing is published');
}
