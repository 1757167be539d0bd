/**
 * Versions with a published hole. A distribution mends holes without changing the upstream number, so for its packages a lower number
 * decides nothing by itself: its revision does where we know it, and otherwise it is information.
 * Sources: the projects' own advisories, by the ids given; Debian's security tracker for the revisions.
 */

interface Advisory {
  package: 'node' | 'docker' | 'runc';
  id: string;
  /** The first bad version; all that came before are bad where it is left out. */
  from?: string;
  /** The first good version of each line that was mended; a line without one is bad up to the last of these. */
  fixed: readonly string[];
  /** Revisions of distributions that have the fix, as a prefix-free pattern on the package version. */
  backports?: RegExp;
}

const advisories: readonly Advisory[] = [
  { package: 'runc', id: 'CVE-2024-21626', fixed: ['1.1.12'], backports: /deb1[12]u\d/ },
  { package: 'runc', id: 'CVE-2025-31133', fixed: ['1.2.8', '1.3.3', '1.4.0'] },
  {
    package: 'docker',
    id: 'CVE-2024-41110',
    fixed: ['23.0.15', '25.0.6', '26.1.5', '27.1.1'],
    backports: /20\.10\.24\+dfsg1-1\+deb12u[1-9]/,
  },
  { package: 'docker', id: 'CVE-2025-54410', fixed: ['25.0.13', '28.0.0'] },
  { package: 'docker', id: 'CVE-2025-54388', from: '28.2.0', fixed: ['28.3.3'] },
  { package: 'node', id: 'CVE-2026-21637', fixed: ['20.20.0', '22.22.0', '24.13.0', '25.3.0'] },
];

export interface Installed {
  /** Of the package; `node` is the one inside of this program. */
  name: string;
  version: string;
  /** Built by the distribution, which mends without a new number. */
  distribution: boolean;
}

export interface VersionFinding extends Installed {
  advisory: string;
  fixed: string;
}

const upstream: Record<string, Advisory['package']> = {
  'docker.io': 'docker',
  'docker-ce': 'docker',
  runc: 'runc',
  node: 'node',
};

/** `bad` is certain; `undecided` cannot be known from numbers. */
export function versionFindings(installed: readonly Installed[]): { bad: VersionFinding[]; undecided: VersionFinding[] } {
  const found = installed.flatMap((one) =>
    advisories
      .filter((advisory) => advisory.package === upstream[one.name] && isAffected(one, advisory))
      .map((advisory): VersionFinding => ({ ...one, advisory: advisory.id, fixed: advisory.fixed.join(', ') })),
  );
  return { bad: found.filter((one) => !one.distribution), undecided: found.filter((one) => one.distribution) };
}

function isAffected({ version, distribution }: Installed, { from, fixed, backports }: Advisory): boolean {
  if (distribution && backports?.test(version)) return false;
  const own = numbersOf(version);
  if (from !== undefined && compare(own, numbersOf(from)) < 0) return false;
  const good = fixed.map(numbersOf);
  if (good.every((one) => compare(own, one) >= 0)) return false;
  return !good.some((one) => isSameLine(own, one) && compare(own, one) >= 0);
}

/** Docker and Node have a line for each major version, runc for each minor one. */
function isSameLine(a: readonly number[], b: readonly number[]): boolean {
  return a[0] === b[0] && (a[0] !== 1 || a[1] === b[1]);
}

function numbersOf(version: string): [number, number, number] {
  const plain = version.replace(/^\d+:/, '');
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(plain);
  return [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0), Number(match?.[3] ?? 0)];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < 3; at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
