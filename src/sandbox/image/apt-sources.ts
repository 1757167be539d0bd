/**
 * Owns what this host's apt says of where Debian packages come from. Must never write any of it into an image.
 */
import { existsSync } from 'node:fs';
import { release } from './recipe.ts';
import { runProgram } from './run-program.ts';

export interface DebianSources {
  mirror: string;
  securityMirror: string;
  keyring: string;
  /** http_proxy and https_proxy, where apt has proxies. */
  proxyEnv: Record<string, string>;
}

const publicMirror = 'http://deb.debian.org/debian';
const publicSecurityMirror = 'http://deb.debian.org/debian-security';
const debianKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Falls back to the public mirrors where apt does not know Debian (Ubuntu) or is not there. */
export async function debianSources(): Promise<DebianSources> {
  const targets = await runProgram('apt-get', ['indextargets']).catch(() => '');
  return { ...mirrorsFrom(targets), keyring: debianKeyring, proxyEnv: await proxies() };
}

/** `targets` is what `apt-get indextargets` prints: stanzas of `Field: value`, separated by blank lines. */
export function mirrorsFrom(targets: string): { mirror: string; securityMirror: string } {
  const mirrors = targets.split(/\n\n+/).flatMap((stanza) => {
    const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1]?.trim();
    const uri = field('Repo-URI')?.replace(/\/$/, '');
    const packagesOfMain = field('Component') === 'main' && field('Created-By') === 'Packages';
    if (!packagesOfMain || field('Origin') !== 'Debian' || !uri || !/^https?:\/\//.test(uri)) return [];
    return [{ uri, label: field('Label'), ours: field('Codename')?.startsWith(release) === true }];
  });
  const find = (label: string): string | undefined => {
    const labelled = mirrors.filter((mirror) => mirror.label === label);
    return (labelled.find((mirror) => mirror.ours) ?? labelled[0])?.uri;
  };
  return { mirror: find('Debian') ?? publicMirror, securityMirror: find('Debian-Security') ?? publicSecurityMirror };
}

async function proxies(): Promise<Record<string, string>> {
  const printed = await runProgram('apt-config', [
    'shell',
    'http',
    'Acquire::http::Proxy',
    'https',
    'Acquire::https::Proxy',
  ]).catch(() => '');
  const found: Record<string, string> = {};
  for (const [, name, value] of printed.matchAll(/^(https?)='([^']*)'$/gm)) {
    if (value !== '' && value !== 'DIRECT') found[`${name}_proxy`] = value as string;
  }
  return found;
}

export function hasKeyring(): boolean {
  return existsSync(debianKeyring);
}
