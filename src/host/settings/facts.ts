/** What is found out about the machine: its distribution, its systemd, its processor. */
import type { Machine } from '../engine/machine.ts';
import { installedVersion } from '../resources/package.ts';

export interface HostFacts {
  distribution: { id: string; version: string; codename: string; prettyName: string };
  /** systemd's major version; undefined where it is not PID 1 (or not installed in a tree). */
  systemd: number | undefined;
  /** Private addresses of name servers: the gateway has to reach them. */
  nameservers: readonly string[];
}

export async function readHostFacts(machine: Machine): Promise<HostFacts> {
  return {
    distribution: await readDistribution(machine),
    systemd: await systemdVersion(machine),
    nameservers: await readNameservers(machine),
  };
}

async function readDistribution(machine: Machine): Promise<HostFacts['distribution']> {
  const path = (await machine.read('/etc/os-release')) ? '/etc/os-release' : '/usr/lib/os-release';
  const text = (await machine.read(path))?.toString('utf8') ?? '';
  const value = (key: string): string => new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return { id: value('ID'), version: value('VERSION_ID'), codename: value('VERSION_CODENAME'), prettyName: value('PRETTY_NAME') };
}

async function systemdVersion(machine: Machine): Promise<number | undefined> {
  const version = machine.live
    ? (await machine.state('/run/systemd/system'))
      ? /^systemd (\d+)/.exec((await machine.run('systemctl', ['--version'])).stdout)?.[1]
      : undefined
    : (await installedVersion(machine, 'systemd'))?.split('.')[0];
  return version === undefined ? undefined : Number.parseInt(version, 10);
}

async function readNameservers(machine: Machine): Promise<string[]> {
  const text = (await machine.read('/etc/resolv.conf'))?.toString('utf8') ?? '';
  return [...text.matchAll(/^nameserver\s+([0-9a-f.:]+)\s*$/gim)].map((match) => match[1] as string).filter(isPrivate);
}

/** Ranges that the gateway is kept from. */
export function isPrivate(address: string): boolean {
  return /^(?:10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|f[cd]|fe[89ab])/i.test(address);
}
