/**
 * The WebSocket side of the local port: takes over upgraded sockets, tells events to all clients that may read them, and ends them all
 * when the gateway stops. Loaded with the first client. Host and Origin were screened before; the token comes with the first frame.
 */
import { hostname } from 'node:os';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { Secret } from '../../domain/secret.ts';
import type { ControlParts } from '../methods/parts.ts';
import type { Screen } from '../screen.ts';
import { mainSessionKey } from '../session-key.ts';
import { Connection, type ConnectionParts } from './connection.ts';
import { CLOSE, eventFrame, POLICY } from './frames.ts';
import type { Admitted } from './handshake.ts';
import { socketMethods } from './methods.ts';
import { Runs } from './runs.ts';

const HANDSHAKE_MS = 10_000;
/** Sockets that have not shown a token yet; each costs a file descriptor and nothing more. */
const MOST_UNKNOWN = 64;
const MOST_CLIENTS = 2_048;
const EVENTS = ['connect.challenge', 'agent', 'chat', 'tick', 'shutdown'] as const;

export interface SocketParts {
  control: ControlParts;
  token: () => Secret | undefined;
  version: string;
  clock: Clock;
  log: Log;
  handshakeMs?: number;
  tickMs?: number;
}

export interface Sockets {
  /** Takes over a socket whose request was screened. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, screen: Screen): void;
  close(): void;
}

export function createSockets(parts: SocketParts): Sockets {
  const { clock, log } = parts;
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: POLICY.maxPayload,
    perMessageDeflate: false,
    clientTracking: false,
  });
  const unknown = new Set<Connection>();
  const clients = new Set<Connection>();
  let seq = 0;

  function broadcast(event: string, payload: unknown): void {
    if (clients.size === 0) return;
    // Made once for all: a thousand clients that watch cost one text.
    const frame = eventFrame(event, payload, (seq += 1));
    for (const client of clients) if (client.mayRead() && !client.isStale()) client.send(frame);
  }

  const runs = new Runs({ gateway: parts.control.gateway, clock, broadcast });
  const methods = socketMethods(parts.control, runs);
  const ticking = setInterval(() => broadcast('tick', { ts: clock.now() }), parts.tickMs ?? POLICY.tickIntervalMs);
  ticking.unref();

  const connectionParts = (source: string, screen: Screen): ConnectionParts => ({
    handshakeMs: parts.handshakeMs ?? HANDSHAKE_MS,
    screen: (token) => screen.credential(source, token),
    isCurrent: (token) => parts.token()?.reveal() === token,
    methods,
    hello: (connId, admitted) => helloOf(parts, [...methods.keys()], { connId, admitted }),
    opened(connection) {
      unknown.delete(connection);
      clients.add(connection);
    },
    closed(connection) {
      unknown.delete(connection);
      clients.delete(connection);
    },
    clock,
    log,
  });

  return {
    // oxlint-disable-next-line max-params
    accept(request, socket, head, screen) {
      if (unknown.size >= MOST_UNKNOWN || clients.size >= MOST_CLIENTS) {
        return void socket.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      }
      const source = request.socket.remoteAddress ?? 'unknown';
      server.handleUpgrade(request, socket, head, (client) =>
        unknown.add(new Connection(client, connectionParts(source, screen))),
      );
    },
    close() {
      clearInterval(ticking);
      broadcast('shutdown', { reason: 'the gateway stops' });
      for (const connection of [...unknown, ...clients]) connection.end(CLOSE.restart, 'service restart');
    },
  };
}

function helloOf(parts: SocketParts, methods: string[], { connId, admitted }: { connId: string; admitted: Admitted }): object {
  const { settings } = parts.control;
  const { defaultAgentId } = settings.routing();
  return {
    type: 'hello-ok',
    protocol: admitted.protocol,
    server: { version: parts.version, host: hostname(), connId },
    features: { methods, events: EVENTS },
    snapshot: {
      presence: [],
      health: {},
      stateVersion: { presence: 0, health: 0 },
      uptimeMs: Math.round(process.uptime() * 1_000),
      sessionDefaults: { defaultAgentId, mainKey: 'main', mainSessionKey: mainSessionKey(defaultAgentId), scope: 'per-sender' },
    },
    policy: POLICY,
  };
}
