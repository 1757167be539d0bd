/**
 * Layer 9: the services. Their unit files carry the whole hardening; a drop-in may bring a secret and nothing else, so one that
 * would weaken them is a finding and goes.
 */
import { brokerUnit, layoutsOf, type Layout } from '../layout.ts';
import type { Check } from '../../domain/check.ts';
import type { Layer, LayerInput } from '../engine/layer.ts';
import { finding, holds, hostCheck, restarting, unobserved } from '../engine/observations.ts';
import type { Machine } from '../engine/machine.ts';
import type { Resource } from '../engine/resource.ts';
import { absentResource, fileResource, rootOwned } from '../resources/file.ts';
import { daemonReload, restartTrigger, unitProperties, unitResource } from '../resources/unit.ts';
import { brokerUnitText } from '../units/broker.ts';
import { gatewayUnit } from '../units/gateway.ts';
import { parseUnit } from '../units/unit-file.ts';

const REPAIR = 'openclaw host repair --only systemd';
/** What systemd-analyze may say at most. */
const MOST_EXPOSURE = { gateway: 1.2, broker: 0.2, reference: 5.9 } as const;

export const systemd: Layer = {
  id: 'systemd',
  title: 'systemd services',
  rows: [7],
  async resources(input) {
    const layouts = layoutsOf(input.settings);
    const broker = input.settings.profile === 'hardened' ? await service(input.machine, brokerUnit, brokerUnitText()) : [];
    const gateways = await Promise.all(
      layouts.map((layout) => service(input.machine, layout.unit, gatewayUnit({ layout, privateAddresses: addressesOf(input) }))),
    );
    return [...broker, ...gateways.flat()];
  },
  checks: (input) => [
    ...layoutsOf(input.settings).flatMap((layout) => gatewayChecks(input, layout)),
    ...(input.settings.profile === 'hardened'
      ? [runs(input, brokerUnit), exposure(input, brokerUnit, MOST_EXPOSURE.broker)]
      : []),
    limits(input),
  ],
};

function addressesOf({ facts, settings }: LayerInput): string[] {
  return [...new Set([...facts.nameservers, ...settings.egress.privateAddresses])];
}

async function service(machine: Machine, name: string, text: string): Promise<Resource[]> {
  const path = `/etc/systemd/system/${name}.service`;
  const triggers = [daemonReload, restartTrigger(`${name}.service`)];
  return [
    fileResource({ path, content: text, ...rootOwned(0o644), triggers }),
    ...(await weakeningDropIns(machine, name)).map((dropIn) => absentResource({ path: dropIn, triggers })),
    unitResource({ name: `${name}.service`, enabled: true, active: true }),
  ];
}

const DROP_IN_PLACES = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/etc/systemd/system.control',
  '/run/systemd/system.control',
];
/** With these a secret comes in without being on disk in the clear or in the environment. */
const HARMLESS = /^Service\.(?:LoadCredential|LoadCredentialEncrypted|SetCredentialEncrypted|ImportCredential)$/;

async function weakeningDropIns(machine: Machine, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const place of DROP_IN_PLACES) {
    for (const file of await machine.list(`${place}/${name}.service.d`)) {
      const path = `${place}/${name}.service.d/${file}`;
      const text = (await machine.read(path))?.toString('utf8');
      if (text === undefined || [...parseUnit(text).keys()].some((key) => !HARMLESS.test(key))) found.push(path);
    }
  }
  return found;
}

function gatewayChecks(input: LayerInput, layout: Layout): Check[] {
  const most = layout.profile === 'reference' ? MOST_EXPOSURE.reference : MOST_EXPOSURE.gateway;
  return [runs(input, layout.unit), exposure(input, layout.unit, most), quiet(input, layout.unit), origin(input, layout.unit)];
}

function runs({ machine }: LayerInput, name: string): Check {
  return hostCheck({
    id: `systemd.${name}.runs`,
    title: `${name} runs`,
    rows: [7],
    mending: restarting(machine, `${name}.service`),
    async observe() {
      const unit = await unitProperties(machine, `${name}.service`, [
        'ActiveState',
        'SubState',
        'MainPID',
        'NRestarts',
        'Result',
      ]);
      const said = `${unit.ActiveState}/${unit.SubState}, ${unit.NRestarts ?? 0} restarts`;
      const pid = Number(unit.MainPID);
      const alive = pid > 0 && (await machine.state(`/proc/${pid}`)) !== undefined;
      return unit.ActiveState === 'active' && alive
        ? holds(said)
        : finding(`${said} (${unit.Result})`, `journalctl -u ${name} -n 50; openclaw host repair --only systemd`);
    },
  });
}

function exposure({ machine }: LayerInput, name: string, most: number): Check {
  return hostCheck({
    id: `systemd.${name}.exposure`,
    title: `systemd-analyze gives ${name} at most ${most}`,
    rows: [7],
    async observe() {
      const said = await machine.run('systemd-analyze', ['security', '--no-pager', `${name}.service`]);
      const score = /Overall exposure level for .*: ([\d.]+)/.exec(said.stdout)?.[1];
      if (score === undefined) return unobserved(`systemd-analyze says nothing of it: ${said.stderr.trim().slice(0, 120)}`);
      return Number(score) <= most ? holds(score) : finding(`it says ${score}`, REPAIR);
    },
  });
}

/** It warns on standard error and still says 0: any word is a problem. */
function quiet({ machine }: LayerInput, name: string): Check {
  return hostCheck({
    id: `systemd.${name}.verify`,
    title: `systemd-analyze has nothing to say against ${name}`,
    severity: 'warn',
    rows: [7],
    async observe() {
      const said = await machine.run('systemd-analyze', ['verify', `/etc/systemd/system/${name}.service`]);
      const words = said.stderr.split('\n').filter((line) => line.includes(`${name}.service`));
      return words.length ? finding(words[0] as string, REPAIR) : holds('silent');
    },
  });
}

/** A unit of the same name elsewhere, or a runtime setting, would come before the file. */
function origin({ machine }: LayerInput, name: string): Check {
  return hostCheck({
    id: `systemd.${name}.origin`,
    title: `${name} is what its unit file says`,
    rows: [7],
    async observe() {
      const unit = await unitProperties(machine, `${name}.service`, ['FragmentPath', 'DropInPaths', 'NeedDaemonReload']);
      const weak = await weakeningDropIns(machine, name);
      const wrong = [
        ...(unit.FragmentPath === `/etc/systemd/system/${name}.service`
          ? []
          : [`it comes from ${unit.FragmentPath || 'nowhere'}`]),
        ...weak.map((path) => `${path} changes it`),
        ...(unit.NeedDaemonReload === 'yes' ? ['systemd has an older version of it loaded'] : []),
      ];
      return wrong.length ? finding(wrong.join('; '), REPAIR) : holds('no drop-in changes it');
    },
  });
}

function limits({ machine, settings }: LayerInput): Check {
  return hostCheck({
    id: 'systemd.limits',
    title: 'The kernel enforces the memory limit',
    severity: 'warn',
    rows: [7],
    async observe() {
      const unit = layoutsOf(settings)[0]?.unit ?? 'openclaw';
      const group = (await unitProperties(machine, `${unit}.service`, ['ControlGroup'])).ControlGroup;
      const limit = (await machine.run('cat', [`/sys/fs/cgroup${group}/memory.max`])).stdout.trim();
      if (limit === '') return unobserved('the memory controller is not available here', 'cat /sys/fs/cgroup/cgroup.controllers');
      return limit === String(2 * 1024 ** 3) ? holds('memory.max is 2 GiB') : finding(`memory.max is ${limit}`, REPAIR);
    },
  });
}
