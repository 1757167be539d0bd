/**
 * Addresses that a model's or a channel's server can have: everything but this network, private, link-local (cloud metadata),
 * multicast and reserved ranges. Sources: the IANA registries of special-purpose addresses.
 */

interface Range {
  first: number;
  /** One past the last. */
  end: number;
}

/** Denied, as first address and prefix length; sorted. The tailnet's 100.64.0.0/10 and loopback are not among them. */
const DENIED = ['0.0.0.0/8', '10.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '224.0.0.0/3'] as const;
const ALL = 2 ** 32;

/** As few prefixes as there can be, with the public half of IPv6 and its loopback. */
export function publicRanges(): string[] {
  const denied = DENIED.map(rangeOf);
  const starts = [0, ...denied.map(({ end }) => end)];
  const gaps = starts.map((first, at): Range => ({ first, end: denied[at]?.first ?? ALL }));
  return [...gaps.flatMap(prefixesOf), '2000::/3', '::1/128'];
}

function rangeOf(text: string): Range {
  const [address = '', length = ''] = text.split('/');
  const first = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  return { first, end: first + 2 ** (32 - Number(length)) };
}

/** The largest aligned block that fits, again and again. */
function prefixesOf({ first, end }: Range): string[] {
  const found: string[] = [];
  for (let at = first; at < end;) {
    let size = 1;
    while (at % (size * 2) === 0 && at + size * 2 <= end) size *= 2;
    found.push(`${dotted(at)}/${32 - Math.log2(size)}`);
    at += size;
  }
  return found;
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
