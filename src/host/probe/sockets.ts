/** What listens on this machine, by address and owner, from the kernel's own tables. */
import type { Machine } from '../engine/machine.ts';

export interface Socket {
  protocol: 'tcp' | 'tcp6';
  address: string;
  port: number;
  uid: number;
}

export interface Connection extends Socket {
  remote: string;
}

const LISTEN = '0A';
const ESTABLISHED = '01';

export async function listeners(machine: Machine): Promise<Socket[]> {
  return connections(machine, LISTEN);
}

export function established(machine: Machine): Promise<Connection[]> {
  return connections(machine, ESTABLISHED);
}

async function connections(machine: Machine, state: string): Promise<Connection[]> {
  const found: Connection[] = [];
  for (const protocol of ['tcp', 'tcp6'] as const) {
    const text = (await machine.run('cat', [`/proc/net/${protocol}`])).stdout;
    for (const line of text.split('\n').slice(1)) {
      const [, local, remote, code, , , , uid] = line.trim().split(/\s+/);
      if (code !== state || !local || !remote) continue;
      found.push({ protocol, ...decode(local), remote: decode(remote).address, uid: Number(uid) });
    }
  }
  return found;
}

function decode(text: string): { address: string; port: number } {
  const [hex = '', port = ''] = text.split(':');
  return { address: hex.length === 8 ? decodeV4(hex) : decodeV6(hex), port: Number.parseInt(port, 16) };
}

/** Four bytes, the last first. */
function decodeV4(hex: string): string {
  return (hex.match(/../g) ?? [])
    .toReversed()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.');
}

/** Four words of four bytes, each with the last byte first. IPv4 inside IPv6 is written as IPv4. */
function decodeV6(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).toReversed());
  if (/^0{20}ffff/i.test(bytes.join('')))
    return bytes
      .slice(12)
      .map((byte) => Number.parseInt(byte, 16))
      .join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    Number.parseInt(`${bytes[2 * at] ?? ''}${bytes[2 * at + 1] ?? ''}`, 16).toString(16),
  );
  return groups.join(':').replace(/(?:^|:)0(?::0)+(?::|$)/, '::');
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** Tailscale's own ranges: 100.64.0.0/10 and fd7a:115c:a1e0::/48. */
export function isTailnet(address: string): boolean {
  const [first, second] = address.split('.').map(Number) as [number, number];
  return (first === 100 && second >= 64 && second <= 127) || address.startsWith('fd7a:115c:a1e0:');
}
