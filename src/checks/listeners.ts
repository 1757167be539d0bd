/** Who listens on TCP, as the kernel says it: /proc/net/tcp and tcp6. Elsewhere than on Linux there is no such file. */
import { readFile } from 'node:fs/promises';

export interface Listener {
  /** Dotted or in colon form, e.g. `127.0.0.1`, `::1`. */
  address: string;
  port: number;
}

const LISTEN = '0A';

/** Rejects where the kernel has no such list. A host without IPv6 has no tcp6. */
export async function readListeners(folder = '/proc/net'): Promise<Listener[]> {
  const four = await readFile(`${folder}/tcp`, 'utf8');
  const six = await readFile(`${folder}/tcp6`, 'utf8').catch(() => '');
  return [...parseListeners(four), ...parseListeners(six)];
}

/** Source of the format: proc_net_tcp in the Linux kernel's documentation; addresses are words in the machine's byte order. */
export function parseListeners(text: string): Listener[] {
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const [hex, port] = local.split(':');
    return state === LISTEN && hex && port ? [{ address: addressOf(hex), port: Number.parseInt(port, 16) }] : [];
  });
}

function addressOf(hex: string): string {
  const bytes = Buffer.concat((hex.match(/.{8}/g) ?? []).map((word) => Buffer.from(Buffer.from(word, 'hex').toReversed())));
  if (bytes.length === 4) return bytes.join('.');
  const mapped = bytes.subarray(0, 12).equals(Buffer.from('00000000000000000000ffff', 'hex'));
  if (mapped) return bytes.subarray(12).join('.');
  if (bytes.subarray(0, 15).every((byte) => byte === 0)) return bytes[15] === 0 ? '::' : `::${bytes[15]?.toString(16)}`;
  return (bytes.toString('hex').match(/.{4}/g) ?? []).join(':');
}

export function isLoopback({ address }: Listener): boolean {
  return address.startsWith('127.') || address === '::1';
}
