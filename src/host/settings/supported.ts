/** Distributions that the layers know, with the day on which the vendor's support ends. Sources: the vendors' release pages. */

export interface SupportedRelease {
  id: string;
  version: string;
  codename: string;
  /** ISO date; security support of the release itself, without paid extensions. */
  endOfLife: string;
}

export const supportedReleases: readonly SupportedRelease[] = [
  { id: 'debian', version: '12', codename: 'bookworm', endOfLife: '2028-06-30' },
  { id: 'debian', version: '13', codename: 'trixie', endOfLife: '2030-06-30' },
  { id: 'ubuntu', version: '24.04', codename: 'noble', endOfLife: '2029-05-31' },
  { id: 'ubuntu', version: '25.10', codename: 'questing', endOfLife: '2026-07-31' },
  { id: 'ubuntu', version: '26.04', codename: 'resolute', endOfLife: '2031-05-31' },
];

export function releaseOf(distribution: { id: string; version: string }): SupportedRelease | undefined {
  return supportedReleases.find((one) => one.id === distribution.id && one.version === distribution.version);
}
