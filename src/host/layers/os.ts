/**
 * Layer 8: the operating system. Security updates by themselves, fail2ban where an sshd runs, sshd off once Tailscale SSH is proved,
 * and versions that nobody has published a hole for.
 */
import type { Check, Observation } from '../../domain/check.ts';
import { versionFindings, type Installed } from '../advisories/gate.ts';
import type { Layer, LayerInput } from '../engine/layer.ts';
import { finding, holds, hostCheck, unobserved } from '../engine/observations.ts';
import type { Machine } from '../engine/machine.ts';
import type { Resource } from '../engine/resource.ts';
import { listeners } from '../probe/sockets.ts';
import { fileResource, rootOwned } from '../resources/file.ts';
import { installedVersion, missingOf, packagesResource } from '../resources/package.ts';
import { restartTrigger, unitResource } from '../resources/unit.ts';
import { releaseOf } from '../settings/supported.ts';
import { tailnetState } from '../tailnet/cli.ts';

const REPAIR = 'openclaw host repair --only os';

const autoUpgrades = 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n';

/** By the journal: a host without a syslog daemon has no /var/log/auth.log. */
const jail =
  '[DEFAULT]\nbantime = 3600\nfindtime = 600\nmaxretry = 5\n\n[sshd]\nenabled = true\nbackend = systemd\nmaxretry = 3\n';

export const os: Layer = {
  id: 'os',
  title: 'Operating system',
  rows: [2, 6],
  async resources({ machine }) {
    const ssh = await sshDaemon(machine);
    return [
      packagesResource(['unattended-upgrades'], ['ufw']),
      fileResource({ path: '/etc/apt/apt.conf.d/20auto-upgrades', content: autoUpgrades, ...rootOwned(0o644) }),
      unitResource({ name: 'apt-daily.timer', enabled: true, active: true }),
      unitResource({ name: 'apt-daily-upgrade.timer', enabled: true, active: true }),
      ...(ssh.runs && !ssh.replaced ? await banning(machine) : []),
      ...(ssh.replaced ? (await sshUnits(machine)).map((name) => unitResource({ name, enabled: false, active: false })) : []),
    ];
  },
  checks: (input) => [
    hostCheck({
      id: 'os.release',
      title: 'The distribution still gets security updates',
      severity: 'warn',
      rows: [6],
      observe: () => supported(input),
    }),
    hostCheck({ id: 'os.upgrades', title: 'Security updates install themselves', rows: [6], observe: () => upgrades(input) }),
    hostCheck({
      id: 'os.sshd',
      title: 'No sshd where Tailscale SSH does its work',
      severity: 'warn',
      rows: [2],
      observe: () => noSshd(input),
    }),
    hostCheck({
      id: 'os.fail2ban',
      title: 'Who guesses passwords at an sshd is kept out',
      severity: 'warn',
      rows: [6],
      observe: () => banned(input),
    }),
    versions(input),
  ],
};

/** fail2ban reads the journal by a package that it only recommends. Without it, and without a log file, it cannot start: it is left alone. */
async function banning(machine: Machine): Promise<Resource[]> {
  if (await lacksJournal(machine)) return [];
  return [
    packagesResource(['fail2ban', 'python3-systemd'], ['ufw']),
    fileResource({
      path: '/etc/fail2ban/jail.d/openclaw.local',
      content: jail,
      ...rootOwned(0o644),
      triggers: [restartTrigger('fail2ban.service')],
    }),
    unitResource({ name: 'fail2ban.service', enabled: true, active: true }),
  ];
}

/** It is there, what it needs is not: installing it would need a network for a layer that is optional. */
async function lacksJournal(machine: Machine): Promise<boolean> {
  const missing = await missingOf(machine, ['fail2ban', 'python3-systemd']);
  return missing.length === 1 && missing[0] === 'python3-systemd';
}

async function banned({ machine }: LayerInput): Promise<Observation> {
  const ssh = await sshDaemon(machine);
  if (!ssh.runs || ssh.replaced) return holds('no sshd runs that it would guard');
  if (await lacksJournal(machine))
    return unobserved('fail2ban cannot read the journal here', 'apt-get install python3-systemd && openclaw host apply');
  const asked = await machine.run('fail2ban-client', ['status', 'sshd']);
  return asked.code === 0 ? holds('its jail for sshd is on') : finding('its jail for sshd is off', REPAIR);
}

/** `replaced`: Tailscale is up and answers SSH itself, so nobody is locked out without the daemon. */
async function sshDaemon(machine: Machine): Promise<{ runs: boolean; replaced: boolean }> {
  const installed = (await missingOf(machine, ['openssh-server'])).length === 0;
  if (!installed || !machine.live) return { runs: false, replaced: false };
  const { running, ssh } = await tailnetState(machine);
  const replaced = running && ssh;
  const enabled = await Promise.all(
    (await sshUnits(machine)).map((name) => machine.run('systemctl', ['is-enabled', '--quiet', name])),
  );
  return { runs: enabled.some(({ code }) => code === 0), replaced };
}

/** Ubuntu starts it by a socket. */
async function sshUnits(machine: Machine): Promise<string[]> {
  const known = await Promise.all(
    ['ssh.socket', 'ssh.service'].map(async (name) => ((await machine.run('systemctl', ['cat', name])).code === 0 ? [name] : [])),
  );
  return known.flat();
}

function supported({ facts: { distribution } }: LayerInput): Promise<Observation> {
  const release = releaseOf(distribution);
  if (!release) return Promise.resolve(unobserved(`${distribution.prettyName || 'this distribution'} is not one that we know`));
  const today = new Date().toISOString().slice(0, 10);
  const said = `${distribution.prettyName}, supported until ${release.endOfLife}`;
  return Promise.resolve(
    today <= release.endOfLife
      ? holds(said)
      : finding(
          `${distribution.prettyName} has had no security updates since ${release.endOfLife}`,
          'Move to a release that is supported, such as Debian 13 or Ubuntu 26.04',
        ),
  );
}

/** What apt itself has read, and whether the timer has a next time. */
async function upgrades({ machine }: LayerInput): Promise<Observation> {
  const config = (await machine.run('apt-config', ['dump', 'APT::Periodic::Unattended-Upgrade'])).stdout;
  if (!/"1"/.test(config)) return finding('apt is told not to', REPAIR);
  const timer = await machine.run('systemctl', ['list-timers', '--no-legend', 'apt-daily-upgrade.timer']);
  return timer.stdout.includes('apt-daily-upgrade')
    ? holds('the timer runs and apt is told to')
    : finding('its timer does not run', REPAIR);
}

async function noSshd({ machine }: LayerInput): Promise<Observation> {
  const open = (await listeners(machine)).filter(({ port, uid }) => port === 22 && uid === 0);
  const { running, ssh } = await tailnetState(machine);
  if (open.length === 0) return holds('nothing listens on port 22');
  return running && ssh
    ? finding('sshd listens on port 22 though Tailscale SSH is on', REPAIR)
    : unobserved('sshd runs; it is turned off once Tailscale SSH is up', 'tailscale up --ssh');
}

function versions({ machine }: LayerInput): Check {
  return hostCheck({
    id: 'os.advisories',
    title: 'No version with a published hole',
    severity: 'warn',
    rows: [6, 12],
    async observe() {
      const installed = await installedVersions(machine);
      const { bad, undecided } = versionFindings(installed);
      if (bad.length)
        return finding(
          bad.map(({ name, version, advisory, fixed }) => `${name} ${version}: ${advisory}, fixed in ${fixed}`).join('; '),
          'apt-get update && apt-get upgrade',
        );
      const said = installed.map(({ name, version }) => `${name} ${version}`).join(', ');
      return undecided.length
        ? unobserved(
            `${said}. By number alone these are older than a fix, but the distribution may have it: ${undecided.map(({ name, advisory }) => `${name} (${advisory})`).join(', ')}`,
            `apt-get changelog ${undecided[0]?.name}`,
          )
        : holds(said);
    },
  });
}

async function installedVersions(machine: Machine): Promise<Installed[]> {
  const found: Installed[] = [{ name: 'node', version: process.versions.node, distribution: false }];
  for (const name of ['docker.io', 'docker-ce', 'runc', 'containerd', 'containerd.io']) {
    const version = await installedVersion(machine, name);
    if (version) found.push({ name, version, distribution: !['docker-ce', 'containerd.io'].includes(name) });
  }
  return found;
}
