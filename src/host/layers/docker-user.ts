/**
 * Layer 5: DOCKER-USER for both families. Made before Docker starts and after it, kept over its restart, over `ufw reload` and over a reboot,
 * by a unit of our own: the package that keeps rules for others removes ufw.
 */
import type { Check } from '../../domain/check.ts';
import type { Layer, LayerInput } from '../engine/layer.ts';
import { finding, holds, hostCheck, unobserved } from '../engine/observations.ts';
import type { Machine } from '../engine/machine.ts';
import type { Resource, Trigger } from '../engine/resource.ts';
import { dockerUserRules, loadScript, nftFile, restoreFile } from '../firewall/docker-user.ts';
import { firewallUnit, scriptFolder } from '../layout.ts';
import { probeForward } from '../probe/packets.ts';
import { fileResource, rootOwned } from '../resources/file.ts';
import { mustRun } from '../resources/must-run.ts';
import { daemonReload, restartTrigger, unitResource } from '../resources/unit.ts';
import { renderUnit } from '../units/unit-file.ts';

const REPAIR = 'openclaw host repair --only docker-user';
const script = `${scriptFolder}/docker-user`;
const restart: Trigger = {
  ...restartTrigger(`${firewallUnit}.service`),
  back: [
    ['systemctl', 'daemon-reload'],
    ['-iptables', '-F', 'DOCKER-USER'],
    ['-ip6tables', '-F', 'DOCKER-USER'],
  ],
};

export const dockerUser: Layer = {
  id: 'docker-user',
  title: 'Firewall (DOCKER-USER)',
  rows: [4],
  async resources({ machine, settings }) {
    const backend = await firewallBackend(machine);
    const rules = (name: string, content: string): Resource =>
      fileResource({ path: `${scriptFolder}/docker-user.${name}`, content, ...rootOwned(0o644), triggers: [restart] });
    return [
      ...(backend === 'nftables'
        ? [rules('nft', nftFile(settings))]
        : [rules('iptables', restoreFile(settings)), rules('ip6tables', restoreFile(settings))]),
      fileResource({ path: script, content: loadScript(scriptFolder, backend), ...rootOwned(0o755), triggers: [restart] }),
      fileResource({
        path: `/etc/systemd/system/${firewallUnit}.service`,
        content: unitText(),
        ...rootOwned(0o644),
        triggers: [daemonReload, restart],
      }),
      unitResource({ name: `${firewallUnit}.service`, enabled: true, active: true }),
      ...(backend === 'iptables' ? [liveChain(dockerUserRules(settings))] : []),
    ];
  },
  checks: (input) => [
    forwardCheck(input, 4),
    forwardCheck(input, 6),
    hostCheck({
      id: 'docker-user.one-table',
      title: 'All rules are in the same kind of table',
      rows: [4],
      observe: () => oneTable(input),
    }),
  ],
};

/** What daemon.json asks for; Docker's default is iptables. */
export async function firewallBackend(machine: Machine): Promise<'iptables' | 'nftables'> {
  const text = (await machine.read('/etc/docker/daemon.json'))?.toString('utf8') ?? '';
  return /"firewall-backend"\s*:\s*"nftables"/.test(text) ? 'nftables' : 'iptables';
}

/** Again with every start of Docker, which may have put a rule of its own in front. */
function unitText(): string {
  return renderUnit({
    description: 'OpenClaw: forwarding rules for containers (DOCKER-USER)',
    sections: [
      {
        name: 'Unit',
        directives: [
          ['After', 'ufw.service'],
          ['Before', 'docker.service'],
          ['PartOf', 'docker.service'],
        ],
      },
      {
        name: 'Service',
        directives: [
          ['Type', 'oneshot'],
          ['RemainAfterExit', 'yes'],
          ['ExecStart', script],
        ],
      },
      { name: 'Install', directives: [['WantedBy', 'multi-user.target docker.service']] },
    ],
  });
}

/** The chain as the kernel has it, in order. Rules that Docker appends after our DROP are never reached. */
function liveChain(rules: readonly string[]): Resource {
  return {
    id: 'firewall:docker-user',
    after: ['daemon-reload', restart.name],
    async inspect(machine) {
      if (!machine.live) return undefined;
      const wrong = (await Promise.all(['iptables', 'ip6tables'].map((program) => differs(machine, program, rules)))).flat();
      if (wrong.length === 0) return undefined;
      return {
        summary: 'load the DOCKER-USER chain',
        diff: wrong,
        undo: { kind: 'commands', commands: [] },
        triggers: [],
        apply: async () => void (await mustRun(machine, script, [])),
      };
    },
  };
}

async function differs(machine: Machine, program: string, rules: readonly string[]): Promise<string[]> {
  const listed = (await machine.run(program, ['-S'])).stdout.split('\n');
  const chain = listed.filter((line) => line.startsWith('-A DOCKER-USER '));
  const forward = listed.filter((line) => line.startsWith('-A FORWARD '));
  const wrong = rules.flatMap((rule, at) => (chain[at] === rule ? [] : [`+ ${program} ${rule}`]));
  // Only rules that drop may stand before it: an ACCEPT there would pass it by.
  const first = forward.findIndex((line) => line.endsWith('-j DOCKER-USER'));
  if (first < 0 || forward.slice(0, first).some((line) => / -j ACCEPT\b/.test(line)))
    wrong.push(`+ ${program} -I FORWARD 1 -j DOCKER-USER`);
  return wrong;
}

function forwardCheck({ machine }: LayerInput, family: 4 | 6): Check {
  return hostCheck({
    id: `docker-user.forward.v${family}`,
    title: `Nothing is forwarded from outside to containers (IPv${family})`,
    rows: [4],
    async observe() {
      const answer = await probeForward(machine, family);
      if (answer === 'unobserved') return unobserved('no network namespace can be made here, or nothing is forwarded at all');
      return answer === 'open'
        ? finding('a packet from outside was forwarded', REPAIR)
        : holds('a packet from outside was not forwarded');
    },
  });
}

/** iptables has two kernels behind it; rules in the one that Docker does not use never see a packet. */
async function oneTable({ machine }: LayerInput): Promise<ReturnType<typeof holds>> {
  const version = await machine.run('iptables', ['-V']);
  const other = version.stdout.includes('nf_tables') ? 'iptables-legacy' : 'iptables-nft';
  const listed = await machine.run(other, ['-S']);
  const astray = listed.stdout.split('\n').filter((line) => line.startsWith('-A '));
  if (listed.code !== 0 || astray.length === 0) return holds(version.stdout.trim());
  return finding(
    `${astray.length} rules are in ${other}, where ${version.stdout.trim()} does not see them`,
    `Look at them (${other} -S) and remove them: ${other} -F`,
  );
}
