/**
 * Packets instead of listings: a network namespace plays a stranger on a link of its own and connects to this host, or through it.
 * Everything that is made for it is taken away again.
 */
import { createServer } from 'node:net';
import { randomBytes } from 'node:crypto';
import type { Machine } from '../engine/machine.ts';

export type Answer = 'open' | 'blocked' | 'unobserved';

/** How long silence has to last. */
const WAIT_SECONDS = 2;

interface Link {
  namespace: string;
  device: string;
  host: string;
  stranger: string;
}

/** Documentation ranges (RFC 5737, RFC 3849): they belong to nobody. */
function linkOf(family: 4 | 6): Link {
  const id = randomBytes(3).toString('hex');
  const [host, stranger] = family === 4 ? ['198.51.100.1', '198.51.100.2'] : ['2001:db8:6f63::1', '2001:db8:6f63::2'];
  return { namespace: `openclaw-${id}`, device: `oc${id}`, host, stranger };
}

/** The addresses of a family are the same each time: one probe after the other. */
const last: Record<4 | 6, Promise<unknown>> = { 4: Promise.resolve(), 6: Promise.resolve() };
let swept: Promise<void> | undefined;

function withStranger(machine: Machine, family: 4 | 6, act: (link: Link) => Promise<Answer>): Promise<Answer> {
  swept ??= sweep(machine);
  const mine = Promise.all([last[family], swept]).then(() => onLink(machine, family, act));
  last[family] = mine.catch(() => {});
  return mine;
}

/** No link-local address of the kernel's making: IPv6 would first spend seconds on making sure that nobody else has it. */
const quiet = (device: string): string[] => ['link', 'set', device, 'addrgenmode', 'none'];
/** But a router asks for its neighbours from such an address: this one needs no making sure. */
const linkLocal = (device: string): string[] => ['addr', 'add', 'fe80::1/64', 'dev', device, 'nodad'];

async function onLink(machine: Machine, family: 4 | 6, act: (link: Link) => Promise<Answer>): Promise<Answer> {
  const link = linkOf(family);
  const size = family === 4 ? 30 : 64;
  const nodad = family === 6 ? ['nodad'] : [];
  const { namespace, device } = link;
  const steps = [
    ['netns', 'add', namespace],
    ['link', 'add', device, 'type', 'veth', 'peer', 'name', 'stranger', 'netns', namespace],
    ['addr', 'add', `${link.host}/${size}`, 'dev', device, ...nodad],
    quiet(device),
    ...(family === 6 ? [linkLocal(device)] : []),
    ['link', 'set', device, 'up'],
    ['-n', namespace, 'addr', 'add', `${link.stranger}/${size}`, 'dev', 'stranger', ...nodad],
    ['-n', namespace, ...quiet('stranger')],
    ['-n', namespace, 'link', 'set', 'stranger', 'up'],
  ];
  try {
    for (const step of steps) if ((await machine.run('ip', step)).code !== 0) return 'unobserved';
    const answer = await act(link);
    // Silence says something only if an answer would have found its way back.
    return answer === 'open' || (await leadsBack(machine, link)) ? answer : 'unobserved';
  } finally {
    await machine.run('ip', ['link', 'del', device]);
    await machine.run('ip', ['netns', 'del', namespace]);
  }
}

/** What a probe that was killed has left: its addresses would swallow the answers of this one. */
async function sweep(machine: Machine): Promise<void> {
  const devices = (await machine.run('ip', ['-o', 'link', 'show', 'type', 'veth'])).stdout.matchAll(/^\d+: (oc[0-9a-f]{6}i?)@/gm);
  for (const [, device = ''] of devices) await machine.run('ip', ['link', 'del', device]);
  const spaces = (await machine.run('ip', ['netns', 'list'])).stdout.matchAll(/^(openclaw-[0-9a-f]{6}(?:-in)?)\b/gm);
  for (const [, space = ''] of spaces) await machine.run('ip', ['netns', 'del', space]);
}

async function leadsBack(machine: Machine, { device, stranger }: Link): Promise<boolean> {
  const route = await machine.run('ip', ['-o', 'route', 'get', stranger]);
  return new RegExp(` dev ${device}\\b`).test(route.stdout);
}

/** Whether a stranger's connection reaches a listener of this host. */
export function probeInbound(machine: Machine, family: 4 | 6): Promise<Answer> {
  return withStranger(machine, family, async (link) => {
    const server = createServer((socket) => {
      // The stranger leaves without a word once it has seen the answer.
      socket.on('error', () => {});
      socket.end('open\n');
    });
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, link.host, resolve));
    try {
      const address = server.address();
      if (address === null || typeof address === 'string') return 'unobserved';
      return await connect(machine, link, { host: link.host, port: address.port });
    } finally {
      server.close();
    }
  });
}

/** /dev/tcp is bash's own; it needs no program that may be missing. */
async function connect(machine: Machine, { namespace }: Link, { host, port }: { host: string; port: number }): Promise<Answer> {
  const script = 'exec 3<>"/dev/tcp/$0/$1" && head -c 4 <&3';
  const run = await machine.run('ip', [
    'netns',
    'exec',
    namespace,
    'timeout',
    String(WAIT_SECONDS),
    'bash',
    '-c',
    script,
    host,
    String(port),
  ]);
  return run.stdout.startsWith('open') ? 'open' : 'blocked';
}

/** Whether this host forwards a stranger's connection to another network behind it, as to a container. */
export async function probeForward(machine: Machine, family: 4 | 6): Promise<Answer> {
  const switched = family === 4 ? '/proc/sys/net/ipv4/ip_forward' : '/proc/sys/net/ipv6/conf/all/forwarding';
  if ((await machine.run('cat', [switched])).stdout.trim() !== '1') return family === 6 ? 'blocked' : 'unobserved';
  return withStranger(machine, family, (link) => throughTo(machine, family, link));
}

/** A second namespace plays the container: it listens, and answers the stranger by the way over this host. */
async function throughTo(machine: Machine, family: 4 | 6, link: Link): Promise<Answer> {
  const inner = `${link.namespace}-in`;
  const device = `${link.device}i`;
  const [host, target, size] = family === 4 ? ['203.0.113.1', '203.0.113.2', 30] : ['2001:db8:6f64::1', '2001:db8:6f64::2', 64];
  const nodad = family === 6 ? ['nodad'] : [];
  const steps = [
    ['netns', 'add', inner],
    ['link', 'add', device, 'type', 'veth', 'peer', 'name', 'inside', 'netns', inner],
    ['addr', 'add', `${host}/${size}`, 'dev', device, ...nodad],
    quiet(device),
    ...(family === 6 ? [linkLocal(device)] : []),
    ['link', 'set', device, 'up'],
    ['-n', inner, 'addr', 'add', `${target}/${size}`, 'dev', 'inside', ...nodad],
    ['-n', inner, ...quiet('inside')],
    ['-n', inner, 'link', 'set', 'inside', 'up'],
    ['-n', inner, 'route', 'add', 'default', 'via', host],
    ['-n', link.namespace, 'route', 'add', 'default', 'via', link.host],
  ];
  try {
    for (const step of steps) if ((await machine.run('ip', step)).code !== 0) return 'unobserved';
    // A refused connection has reached the other side just as an accepted one has.
    const script = 'exec 2>&1; exec 3<>"/dev/tcp/$0/9"';
    const run = await machine.run('ip', [
      'netns',
      'exec',
      link.namespace,
      'timeout',
      String(WAIT_SECONDS),
      'bash',
      '-c',
      script,
      target,
    ]);
    return run.code === 124 || !/refused/i.test(run.stdout) ? 'blocked' : 'open';
  } finally {
    await machine.run('ip', ['link', 'del', device]);
    await machine.run('ip', ['netns', 'del', inner]);
  }
}
