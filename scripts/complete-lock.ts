/**
 * Adds to package-lock.json what npm leaves out when the registry in use does not carry a package built for another platform:
 * without these entries `npm ci` refuses the lock file. They are optional, bound to their platform, and never installed here.
 * Run it after each change of the dependencies.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Entry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  optionalDependencies?: Record<string, string>;
  [field: string]: unknown;
}

const path = join(import.meta.dirname, '..', 'package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, Entry> };
const cpus = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'wasm32'];
const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];

/** `binding-linux-x64-musl` and the like say where they run. */
function platformOf(name: string): Record<string, string[]> | undefined {
  const words = name.split('/').at(-1)?.split('-') ?? [];
  const os = systems.find((one) => words.includes(one));
  const cpu = cpus.find((one) => words.includes(one));
  if (!cpu || (!os && cpu !== 'wasm32')) return undefined;
  const libc = words.some((word) => word.startsWith('musl')) ? ['musl'] : undefined;
  return { cpu: [cpu], ...(os ? { os: [os] } : {}), ...(libc ? { libc } : {}) };
}

let added = 0;
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    const platform = platformOf(name);
    if (lock.packages[key] || !platform) continue;
    lock.packages[key] = { version, ...platform, ...(entry.dev ? { dev: true } : {}), optional: true };
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} entries added`);
