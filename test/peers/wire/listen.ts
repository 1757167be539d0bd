/**
 * Owns the listening socket of a peer: open, go away, come back on the same port, close for good.
 * Must never look at what a request says.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listener {
  readonly port: number;
  /** Stops accepting and resets every open connection: the next connect is refused. */
  refuse(): Promise<void>;
  /** Listens again on the same port; nothing happens when it already listens. */
  accept(): Promise<void>;
  close(): Promise<void>;
}

const BACKLOG = 4096;

/** Opens a loopback HTTP server. `port` 0 picks a free one, which the listener keeps when it comes back. */
export async function listen(port: number, handler: RequestListener): Promise<Listener> {
  // No timeouts: a peer that hangs up on its own would make tests depend on time.
  const server = createServer({ keepAlive: true, noDelay: true, requestTimeout: 0, headersTimeout: 0 }, handler);
  server.keepAliveTimeout = 0;
  server.maxHeadersCount = 100;
  await open(server, port);
  const bound = (server.address() as AddressInfo).port;
  return {
    port: bound,
    refuse: () => shut(server),
    accept: () => (server.listening ? Promise.resolve() : open(server, bound)),
    close: () => shut(server),
  };
}

function open(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve();
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
