/** The way from the plain HTTP server to the WebSocket side, which is loaded with its first client. Lets nobody past the screen. */
import { STATUS_CODES, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Log } from '../domain/log.ts';
import type { Screen } from './screen.ts';
import type { Sockets } from './socket/index.ts';

export interface UpgradeParts {
  screen: Screen;
  load: () => Promise<Sockets>;
  log: Log;
}

export function acceptUpgrades(server: Server, { screen, load, log }: UpgradeParts): { close(): Promise<void> } {
  let sockets: Promise<Sockets> | undefined;
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const origin = screen.origin(request);
    if (!origin.ok) return refuse(socket, origin.status);
    sockets ??= load();
    sockets.then(
      (loaded) => loaded.accept(request, socket, head, screen),
      (error: unknown) => {
        log.error({ error }, 'the WebSocket side of the local port did not load');
        refuse(socket, 503);
      },
    );
  });
  return {
    async close() {
      await sockets?.then(
        (loaded) => loaded.close(),
        () => {},
      );
    },
  };
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
