/** Debian packages that must be there. Installed ones cost no network call. */
import type { Resource } from '../engine/resource.ts';
import type { Machine } from '../engine/machine.ts';
import { mustRun } from './must-run.ts';

/** Nothing in a tree: packages are put there by whoever makes the image. All at once: one `apt-get` for a layer. `after` holds packages that no installation may take away (ufw). */
export function packagesResource(names: readonly string[], keep: readonly string[] = []): Resource {
  return {
    id: `packages:${names.join(',')}`,
    async inspect(machine) {
      const missing = await missingOf(machine, names);
      if (missing.length === 0 || !machine.live) return undefined;
      return {
        summary: `install ${missing.join(' ')}`,
        diff: missing.map((name) => `+ package ${name}`),
        undo: { kind: 'commands', commands: [['apt-get', 'purge', '-y', '-q', ...missing]] },
        triggers: [],
        apply: () => install(machine, missing, keep),
      };
    },
  };
}

async function install(machine: Machine, missing: readonly string[], keep: readonly string[]): Promise<void> {
  const kept = await installedOf(machine, keep);
  const options = { timeoutMs: 900_000 };
  await mustRun(machine, 'apt-get', ['update', '-q'], options);
  // --no-remove: an installation that would take something away (iptables-persistent takes ufw) fails instead.
  const quiet = ['-y', '-q', '--no-install-recommends', '--no-remove', '-o', 'Dpkg::Options::=--force-confold'];
  await mustRun(machine, 'apt-get', ['install', ...quiet, ...missing, ...kept], options);
}

async function installedOf(machine: Machine, names: readonly string[]): Promise<string[]> {
  const missing = new Set(await missingOf(machine, names));
  return names.filter((name) => !missing.has(name));
}

/** Read from dpkg's own status file: works in a tree too, and starts no program. */
export async function missingOf(machine: Machine, names: readonly string[]): Promise<string[]> {
  const status = (await machine.read('/var/lib/dpkg/status'))?.toString('utf8') ?? '';
  return names.filter((name) => {
    const paragraph = new RegExp(
      `(?:^|\\n)Package: ${name.replaceAll('.', '\\.').replaceAll('+', '\\+')}\\nStatus: ([^\\n]+)`,
    ).exec(status);
    return paragraph?.[1] !== 'install ok installed' && paragraph?.[1] !== 'hold ok installed';
  });
}

/** The installed version, distribution revision included; undefined when it is not installed. */
export async function installedVersion(machine: Machine, name: string): Promise<string | undefined> {
  const status = (await machine.read('/var/lib/dpkg/status'))?.toString('utf8') ?? '';
  const start = status.startsWith(`Package: ${name}\n`) ? 0 : status.indexOf(`\nPackage: ${name}\n`);
  if (start < 0) return undefined;
  const paragraph = status.slice(start, status.indexOf('\n\n', start));
  return paragraph.includes('\nStatus: install ok installed') ? /\nVersion: ([^\n]+)/.exec(paragraph)?.[1] : undefined;
}
