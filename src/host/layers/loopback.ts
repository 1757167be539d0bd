/**
 * Layer 6: loopback binding. The configuration that says so, with a token that was made here; and every listener of ours proved to be
 * on a loopback address, by address.
 */
import { randomBytes } from 'node:crypto';
import type { Check, Observation } from '../../domain/check.ts';
import type { Layer, LayerInput } from '../engine/layer.ts';
import { finding, holds, hostCheck, restarting, unobserved } from '../engine/observations.ts';
import type { Resource } from '../engine/resource.ts';
import { layoutsOf, type Layout } from '../layout.ts';
import { isLoopback, listeners } from '../probe/sockets.ts';
import { directoryResource, fileResource, rootOwned } from '../resources/file.ts';
import { readAccounts } from '../resources/owner.ts';

export const loopback: Layer = {
  id: 'loopback',
  title: 'Loopback binding',
  rows: [5, 9],
  resources: ({ settings }) => Promise.resolve(layoutsOf(settings).flatMap(configuration)),
  checks: (input) => layoutsOf(input.settings).flatMap((layout) => bindingChecks(input, layout)),
};

function configuration(layout: Layout): Resource[] {
  const service = { user: layout.user, group: layout.user };
  const reference = layout.profile === 'reference';
  const folder = reference ? { ...service, mode: 0o700 } : { user: 'root', group: layout.user, mode: 0o750 };
  const file = reference ? { ...service, mode: 0o600 } : { user: 'root', group: layout.user, mode: 0o640 };
  return [
    directoryResource({ path: layout.configDir, ...folder }),
    ...(reference ? [] : [directoryResource({ path: layout.stateDir, ...service, mode: 0o700 })]),
    directoryResource({ path: layout.credentialsDir, ...service, mode: 0o700 }),
    fileResource({ path: layout.configFile, content: () => newConfiguration(layout), keepContent: true, secret: true, ...file }),
    fileResource({
      path: layout.envFile,
      content: '',
      keepContent: true,
      secret: true,
      ...(reference ? file : rootOwned(0o600)),
    }),
  ];
}

/** Read when the service starts; a gateway without a channel or a model starts too, and says what is missing. */
function newConfiguration(layout: Layout): string {
  const token = randomBytes(24).toString('hex');
  const value = {
    gateway: { port: layout.port, mode: 'local', bind: 'loopback', auth: { mode: 'token', token }, remote: { token } },
    agents: {
      defaults: {
        workspace: layout.workspace,
        sandbox: { mode: 'all', scope: 'session', workspaceAccess: 'ro', docker: { network: 'none', readOnlyRoot: true } },
      },
    },
    tools: { deny: ['gateway', 'nodes'], elevated: { enabled: false } },
    discovery: { mdns: { mode: 'off' } },
    logging: { redactSensitive: 'tools' },
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function bindingChecks(input: LayerInput, layout: Layout): Check[] {
  const { machine } = input;
  return [
    hostCheck({
      id: `loopback.${layout.unit}.listeners`,
      title: `Every listener of ${layout.user} is on a loopback address`,
      rows: [5],
      async observe() {
        const uid = (await readAccounts(machine)).find((account) => account.name === layout.user)?.uid;
        const own = (await listeners(machine)).filter((socket) => socket.uid === uid);
        const open = own.filter(({ address }) => !isLoopback(address));
        if (open.length)
          return finding(
            `it listens on ${open.map(({ address, port }) => `${address}:${port}`).join(', ')}`,
            `systemctl stop ${layout.unit}`,
          );
        return own.length
          ? holds(own.map(({ address, port }) => `${address}:${port}`).join(', '))
          : unobserved('it listens nowhere: it does not run', `systemctl start ${layout.unit}`);
      },
    }),
    hostCheck({
      id: `loopback.${layout.unit}.answers`,
      title: `The gateway answers on 127.0.0.1:${layout.port}`,
      rows: [5, 9],
      observe: () => answers(layout),
      mending: restarting(machine, `${layout.unit}.service`),
    }),
    hostCheck({
      id: `loopback.${layout.unit}.token`,
      title: 'Without the token the port gives nothing away',
      rows: [9],
      observe: () => needsToken(layout),
    }),
  ];
}

async function answers({ port, unit }: Layout): Promise<Observation> {
  const status = await statusOf(`http://127.0.0.1:${port}/healthz`);
  return status === 200
    ? holds('GET /healthz says 200')
    : finding(`GET /healthz says ${status ?? 'nothing'}`, `systemctl restart ${unit}; journalctl -u ${unit} -n 50`);
}

async function needsToken({ port }: Layout): Promise<Observation> {
  const status = await statusOf(`http://127.0.0.1:${port}/v1/chat/completions`, 'POST');
  if (status === undefined) return unobserved('nothing answers on the port');
  return status >= 400
    ? holds(`a request without a token is answered with ${status}`)
    : finding(`a request without a token is answered with ${status}`, 'Set gateway.auth.mode to token');
}

async function statusOf(address: string, method = 'GET'): Promise<number | undefined> {
  const answer = await fetch(address, { method, redirect: 'manual', signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.status;
}
