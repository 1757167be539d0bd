/** Who reaches what, by connecting: the rows of the document's firewall table. */
import { addresses, type Bed } from '../bed/bed.ts';

export type Row = Record<
  'wan→host' | 'wan→published' | 'ts→host' | 'ts→published' | 'container→wan' | 'host→wan' | 'lo→published',
  'open' | 'blocked'
>;

const PORT = 9000;
const PUBLISHED = 8080;
const SERVER = `import socket,threading
def serve(family, address):
    s = socket.socket(family); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind((address, ${PORT})); s.listen(16)
    while True:
        c, _ = s.accept(); c.sendall(b'open\\n'); c.close()
threading.Thread(target=serve, args=(socket.AF_INET6, '::'), daemon=True).start()
serve(socket.AF_INET, '0.0.0.0')`;

/** A listener on every address of the host, one in the internet, and a container with a published port. */
export function listen(bed: Bed): void {
  bed.run(['systemd-run', '--unit=probe-listener', '--collect', 'python3', '-c', SERVER]);
  bed.sh(
    `docker rm -f probe 2>/dev/null; docker run -d --name probe -p ${PUBLISHED}:${PUBLISHED} openclaw-sandbox:bookworm-slim python3 -m http.server ${PUBLISHED}`,
  );
  bed.outside('wan', ['bash', '-c', `python3 -c "${SERVER.replaceAll('"', '\\"')}" >/dev/null 2>&1 & disown`]);
  bed.sh('sleep 3');
}

const script = (address: string, port: number): string =>
  `timeout 2 bash -c 'exec 3<>/dev/tcp/${address}/${port}' && echo open || echo blocked`;
const answer = (text: string): 'open' | 'blocked' => (text.trim().endsWith('open') ? 'open' : 'blocked');

export function truthTable(bed: Bed): Row {
  const from = (where: 'wan' | 'ts', address: string, port: number) =>
    answer(bed.outside(where, ['bash', '-c', script(address, port)]).stdout);
  const onHost = (address: string, port: number) => answer(bed.sh(script(address, port)).stdout);
  bed.sh('docker start probe; sleep 1');
  return {
    'wan→host': from('wan', addresses.host.wan, PORT),
    'wan→published': from('wan', addresses.host.wan, PUBLISHED),
    'ts→host': from('ts', addresses.host.ts, PORT),
    'ts→published': from('ts', addresses.host.ts, PUBLISHED),
    'container→wan': answer(
      bed.sh(
        `docker exec probe bash -c "timeout 2 bash -c 'exec 3<>/dev/tcp/${addresses.wan.v4}/${PORT}' && echo open || echo blocked"`,
      ).stdout,
    ),
    'host→wan': onHost(addresses.wan.v4, PORT),
    'lo→published': onHost('127.0.0.1', PUBLISHED),
  };
}

/** Containers have no IPv6 here; what counts is that nothing gets in from outside. */
export function truthTableV6(bed: Bed): Record<'wan→host' | 'wan→published' | 'ts→host', 'open' | 'blocked'> {
  const from = (where: 'wan' | 'ts', address: string, port: number) =>
    answer(bed.outside(where, ['bash', '-c', script(address, port)]).stdout);
  return {
    'wan→host': from('wan', addresses.host.wan6, PORT),
    'wan→published': from('wan', addresses.host.wan6, PUBLISHED),
    'ts→host': from('ts', addresses.host.ts6, PORT),
  };
}

export const ours: Row = {
  'wan→host': 'blocked',
  'wan→published': 'blocked',
  'ts→host': 'open',
  'ts→published': 'open',
  'container→wan': 'open',
  'host→wan': 'open',
  'lo→published': 'open',
};
export const oursV6 = { 'wan→host': 'blocked', 'wan→published': 'blocked', 'ts→host': 'open' } as const;
