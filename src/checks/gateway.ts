/** The gateway's port: its token, who listens where, and whether it really refuses. */
import { randomBytes } from 'node:crypto';
import { DEFAULT_PORT } from '../config/locations.ts';
import { valueAt } from '../config/path.ts';
import { referenceKind } from '../config/references.ts';
import type { Check } from '../domain/check.ts';
import { Secret } from '../domain/secret.ts';
import { checkOf, finding, holds, unobserved } from './check-of.ts';
import { mendConfig } from './config-file.ts';
import type { CheckEdges } from './edges.ts';
import { isLoopback } from './listeners.ts';

const SHORTEST_TOKEN = 24;
const TOKEN_BYTES = 24;
const DOCKER_PORTS = new Set([2375, 2376]);

export function gatewayChecks(edges: CheckEdges): Check[] {
  return [tokenLength(edges), listeners(edges), dockerPort(edges), ...refusals(edges)];
}

export function portOf({ config, locations }: Pick<CheckEdges, 'config' | 'locations'>): number {
  const said = config.said && valueAt(config.said, ['gateway', 'port']);
  return config.resolved?.gateway.port ?? (typeof said === 'number' ? said : (locations.defaultPort ?? DEFAULT_PORT));
}

function tokenLength({ config, locations }: CheckEdges): Check {
  return checkOf({
    id: 'gateway.token_too_short',
    title: 'The gateway token cannot be guessed',
    severity: 'warn',
    reports: ['audit'],
    async observe() {
      if (!config.said) return unobserved('the configuration cannot be read');
      const value = valueAt(config.said, ['gateway', 'auth', 'token']);
      const token = value instanceof Secret ? value.reveal() : value;
      if (token === undefined) return holds('the gateway makes one by itself');
      if (typeof token !== 'string' || referenceKind(token)) return unobserved('the token is a reference that was not followed');
      return token.length < SHORTEST_TOKEN
        ? finding(
            `it has ${token.length} characters`,
            'openclaw security audit --fix --yes, or: openclaw config unset gateway.auth.token',
          )
        : holds(`it has ${token.length} characters`);
    },
    mending: {
      changes:
        'A new token takes its place in gateway.auth.token and gateway.remote.token; clients with the old one are refused.',
      narrowsOnly: false,
      async mend() {
        const token = randomBytes(TOKEN_BYTES).toString('hex');
        return mendConfig(locations, [
          { path: ['gateway', 'auth', 'token'], value: token },
          { path: ['gateway', 'remote', 'token'], value: token },
        ]);
      },
    },
  });
}

function listeners(edges: CheckEdges): Check {
  return checkOf({
    id: 'gateway.listeners',
    title: 'The gateway’s port is open on loopback only',
    severity: 'critical',
    reports: ['doctor', 'audit'],
    async observe() {
      const port = portOf(edges);
      const ours = (await edges.listeners()).filter((one) => one.port === port);
      const outside = ours.filter((one) => !isLoopback(one));
      if (outside.length > 0) {
        const where = outside.map(({ address }) => `${address}:${port}`).join(', ');
        return finding(`something listens on ${where}`, `Find it: ss -ltnp 'sport = :${port}'`);
      }
      return holds(ours.length > 0 ? `127.0.0.1:${port}` : 'nothing listens');
    },
  });
}

function dockerPort(edges: CheckEdges): Check {
  return checkOf({
    id: 'docker.tcp_api',
    title: 'Docker is not reachable over the network',
    severity: 'critical',
    reports: ['audit'],
    async observe() {
      const open = (await edges.listeners()).filter(({ port }) => DOCKER_PORTS.has(port));
      return open.length > 0
        ? finding(
            `something listens on ${open.map(({ address, port }) => `${address}:${port}`).join(', ')}`,
            'Remove tcp:// from "hosts" in /etc/docker/daemon.json and from the unit',
          )
        : holds('ports 2375 and 2376 are closed');
    },
  });
}

interface Attempt {
  id: string;
  title: string;
  path: string;
  headers: (port: number) => Record<string, string>;
}

/** What a stranger, a page of another site and a rebound name would try. */
const attempts: readonly Attempt[] = [
  {
    id: 'gateway.answers_without_token',
    title: 'The port refuses who has no token',
    path: '/rpc/status',
    headers: () => ({}),
  },
  {
    id: 'gateway.answers_foreign_host',
    title: 'The port refuses a foreign host name',
    path: '/healthz',
    headers: (port) => ({ host: `foreign.example:${port}` }),
  },
  {
    id: 'gateway.answers_foreign_origin',
    title: 'The port refuses pages of other sites',
    path: '/healthz',
    headers: () => ({ origin: 'https://foreign.example' }),
  },
];

function refusals(edges: CheckEdges): Check[] {
  return attempts.map(({ id, title, path, headers }) =>
    checkOf({
      id,
      title,
      severity: 'critical',
      reports: ['audit'],
      deep: true,
      async observe() {
        const status = await edges.askPort(path, headers(portOf(edges)));
        if (status === undefined) return unobserved('no gateway listens', 'openclaw gateway start');
        const isRefused = status === 401 || status === 403 || status === 421 || status === 429;
        return isRefused
          ? holds(`refused with ${status}`)
          : finding(`${path} answered ${status}`, 'openclaw gateway stop, and look at what listens there');
      },
    }),
  );
}
