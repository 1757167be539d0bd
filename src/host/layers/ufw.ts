/**
 * Layer 4: ufw. Nothing comes in but over the tailnet; egress as the policy says. Rules that were there before stay unless they
 * open a port to the world; a rule that appears later is removed. Never enabled when that would cut the session it is run from.
 */
import type { Check } from '../../domain/check.ts';
import { AppError } from '../../domain/errors.ts';
import { hostStateFolder } from '../engine/journal.ts';
import type { Layer, LayerInput } from '../engine/layer.ts';
import { finding, holds, hostCheck, unobserved } from '../engine/observations.ts';
import type { Machine } from '../engine/machine.ts';
import type { Trigger } from '../engine/resource.ts';
import { liveFirewall } from '../firewall/live.ts';
import { wantedRules } from '../firewall/policy.ts';
import { parseRules, replaceRules, type Family, type UfwRule } from '../firewall/ufw-rules.ts';
import { aptOutput } from '../firewall/apt-output.ts';
import { established, isLoopback, isTailnet, listeners } from '../probe/sockets.ts';
import { probeInbound } from '../probe/packets.ts';
import { fileResource, rootOwned } from '../resources/file.ts';
import { packagesResource } from '../resources/package.ts';
import { mustRun } from '../resources/must-run.ts';
import { unitResource } from '../resources/unit.ts';
import type { HostSettings } from '../settings/schema.ts';

const REPAIR = 'openclaw host repair --only ufw';
const SSH_PORT = 22;
const foundPath = `${hostStateFolder}/ufw-found.json`;
const rulesPath = (family: Family): string => (family === 4 ? '/etc/ufw/user.rules' : '/etc/ufw/user6.rules');

/** `enable` starts it when it is off and loads the files anew when it is on. */
const reload: Trigger = {
  name: 'ufw reload',
  commands: [
    ['ufw', '--force', 'enable'],
    ['ufw', 'reload'],
  ],
  // Whether it was on before stands in its files by then.
  back: [
    ['/usr/lib/ufw/ufw-init', 'force-stop'],
    ['/usr/lib/ufw/ufw-init', 'start'],
  ],
};

export const ufw: Layer = {
  id: 'ufw',
  title: 'Firewall (ufw)',
  rows: [1, 3],
  async resources({ machine, settings }) {
    await refuseToCutSsh(machine, settings);
    const found = await rulesFound(machine);
    return [
      packagesResource(['ufw', 'iptables']),
      fileResource({
        path: foundPath,
        content: `${JSON.stringify(found, undefined, 2)}\n`,
        keepContent: true,
        ...rootOwned(0o600),
      }),
      fileResource({
        path: '/etc/default/ufw',
        content: (text) => defaultsText(text, settings),
        ...rootOwned(0o644),
        triggers: [reload],
      }),
      ...aptOutput(settings, reload),
      ...([4, 6] as const).map((family) =>
        fileResource({
          path: rulesPath(family),
          content: (text) => replaceRules(text, family, wantedRules(family, settings, found[family])),
          ...rootOwned(0o640),
          triggers: [reload],
        }),
      ),
      fileResource({ path: '/etc/ufw/ufw.conf', content: enabledText, ...rootOwned(0o644), triggers: [reload] }),
      unitResource({ name: 'ufw.service', enabled: true }),
      liveFirewall({ settings, found, path: rulesPath }),
    ];
  },
  checks: (input) => [
    hostCheck({ id: 'ufw.installed', title: 'ufw is installed', rows: [3], observe: () => installed(input) }),
    inboundCheck(input, 4),
    inboundCheck(input, 6),
    hostCheck({
      id: 'ufw.public-ports',
      title: 'Nothing of this host is reachable over a public address',
      rows: [1, 3],
      observe: () => publicPorts(input),
    }),
  ],
};

type Found = Record<Family, readonly UfwRule[]>;

/** The rules that were there before us, remembered at the first apply. */
async function rulesFound(machine: Machine): Promise<Found> {
  const remembered = (await machine.read(foundPath))?.toString('utf8');
  if (remembered !== undefined) {
    try {
      return JSON.parse(remembered) as Found;
    } catch {
      // Damaged: only our own rules are known then. The file is written anew.
      return { 4: [], 6: [] };
    }
  }
  const read = async (family: Family): Promise<UfwRule[]> =>
    parseRules((await machine.read(rulesPath(family)))?.toString('utf8') ?? '');
  return { 4: await read(4), 6: await read(6) };
}

function defaultsText(text: string | undefined, settings: HostSettings): string {
  const wanted = {
    IPV6: 'yes',
    DEFAULT_INPUT_POLICY: '"DROP"',
    DEFAULT_OUTPUT_POLICY: settings.egress.policy === 'allowlist' ? '"DROP"' : '"ACCEPT"',
    DEFAULT_FORWARD_POLICY: '"DROP"',
  };
  let result = text ?? 'DEFAULT_APPLICATION_POLICY="SKIP"\nMANAGE_BUILTINS=no\nIPT_SYSCTL=/etc/ufw/sysctl.conf\nIPT_MODULES=""\n';
  for (const [key, value] of Object.entries(wanted)) result = withLine(result, key, value);
  return result;
}

function enabledText(text: string | undefined): string {
  return withLine(text ?? 'LOGLEVEL=low\n', 'ENABLED', 'yes');
}

function withLine(text: string, key: string, value: string): string {
  const line = `${key}=${value}`;
  const pattern = new RegExp(`^${key}=.*$`, 'm');
  return pattern.test(text) ? text.replace(pattern, line) : `${text.replace(/\n*$/, '\n')}${line}\n`;
}

/** Throws `denied` when someone is logged in by SSH over a public address and the new rules would shut that door. */
async function refuseToCutSsh(machine: Machine, settings: HostSettings): Promise<void> {
  if (!machine.live || settings.firewall.cutSsh || settings.firewall.keep.includes(`${SSH_PORT}/tcp`)) return;
  const isOn = /^Status: active/m.test((await machine.run('ufw', ['status'])).stdout);
  const open = parseRules((await machine.read(rulesPath(4)))?.toString('utf8') ?? '').some(({ tuple }) =>
    / 22 /.test(` ${tuple} `),
  );
  if (isOn && !open) return;
  const session = (await established(machine)).find(
    (one) => one.port === SSH_PORT && !isLoopback(one.remote) && !isTailnet(one.remote),
  );
  if (!session) return;
  throw new AppError(
    'denied',
    `The firewall would shut the door that you came in by: an SSH session from ${session.remote} is open.`,
    {
      hint: [
        'Join the tailnet and log in over it (tailscale up --ssh), then run this again;',
        'or keep the port open:  firewall: { keep: ["22/tcp"] }   in /etc/openclaw/host.json5;',
        'or, with a console at hand, shut it:  firewall: { cutSsh: true }',
      ].join('\n'),
    },
  );
}

async function installed({ machine }: LayerInput): Promise<ReturnType<typeof holds>> {
  const status = await mustRun(machine, 'dpkg-query', ['-W', '-f', '${db:Status-Abbrev}', 'ufw']).catch(() => undefined);
  return status?.stdout.startsWith('ii') ? holds('ufw is installed') : finding('ufw was removed', REPAIR);
}

function inboundCheck({ machine }: LayerInput, family: Family): Check {
  return hostCheck({
    id: `ufw.inbound.v${family}`,
    title: `Packets from outside are dropped (IPv${family})`,
    rows: [1, 3],
    async observe() {
      const answer = await probeInbound(machine, family);
      if (answer === 'unobserved') return unobserved('no network namespace can be made here');
      return answer === 'open'
        ? finding('a connection from outside reached this host', REPAIR)
        : holds('a connection from outside got no answer');
    },
  });
}

/** Listeners that are on all addresses are what a hole in the firewall would expose. */
async function publicPorts({ machine, settings }: LayerInput): Promise<ReturnType<typeof holds>> {
  const open = (await listeners(machine)).filter(({ address }) => !isLoopback(address) && !isTailnet(address));
  const ports = [...new Set(open.map(({ port }) => port))];
  const kept = ports.filter((port) => settings.firewall.keep.includes(`${port}/tcp`));
  const told = ports.length ? `behind the firewall listen: ${ports.join(', ')}` : 'nothing listens on a public address';
  return holds(kept.length ? `${told}; kept open on purpose: ${kept.join(', ')}` : told);
}
