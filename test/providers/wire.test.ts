// The HTTP edge, against real sockets: redirects, large errors, connections that were closed meanwhile.
import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { wireFetch } from '../../src/providers/wire.ts';

async function serve(listener: RequestListener): Promise<{ url: string; server: Server; close(): Promise<void> }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, server, close };
}

const post = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  wireFetch(url, { method: 'POST', headers, body: '{"a":"ö"}' });

test('sends the body and the headers that have a value', async () => {
  let seen: unknown;
  const { url, close } = await serve((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece));
    request.on('end', () => {
      seen = { body, key: request.headers['x-api-key'], bearer: request.headers.authorization, team: request.headers['x-team'] };
      response.end('ok');
    });
  });
  const response = await post(url, { 'x-api-key': '', authorization: 'Bearer ', 'x-team': 'blue' });
  assert.equal(await response.text(), 'ok');
  assert.deepEqual(seen, { body: '{"a":"ö"}', key: undefined, bearer: undefined, team: 'blue' });
  await close();
});

test('does not follow a redirect', async () => {
  const hosts: string[] = [];
  const { url, close } = await serve((request, response) => {
    hosts.push(request.url ?? '');
    response.writeHead(307, { location: '/elsewhere' }).end('moved');
  });
  const response = await post(`${url}/here`, { 'x-api-key': 'secret' });
  assert.equal(response.status, 307);
  assert.deepEqual(hosts, ['/here']);
  await close();
});

test('reads no more of an error than is of use', async () => {
  const { url, close } = await serve((_, response) => {
    response.writeHead(500);
    response.on('error', () => {});
    const write = (): void => {
      if (!response.destroyed) response.write('x'.repeat(100_000), () => setImmediate(write));
    };
    write();
  });
  const text = await (await post(url)).text();
  assert.equal(text.length, 65_536);
  await close();
});

test('an answer without a body may come with any status', async () => {
  const { url, close } = await serve((_, response) => void response.writeHead(304).end());
  const response = await post(url);
  assert.equal(response.status, 304);
  await close();
});

test('a connection that the server closed while it was idle is not an error', async () => {
  let resets = 0;
  const { url, server, close } = await serve((_, response) => void response.end('ok'));
  // Closes each connection at the very moment when the next request arrives on it.
  server.on('connection', (socket) => {
    let requests = 0;
    socket.prependListener('data', () => {
      requests += 1;
      if (requests === 1) return;
      resets += 1;
      socket.resetAndDestroy();
    });
  });
  await (await post(url)).text();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await (await post(url)).text(), 'ok');
  assert.equal(resets, 1);
  await close();
});

test('a server that resets every connection is given up', async () => {
  const { url, close } = await serve((request) => void request.socket.resetAndDestroy());
  await assert.rejects(post(url), { code: 'ECONNRESET' });
  await close();
});

test('an abort while the answer is complete but unread ends nothing else', async () => {
  const { url, close } = await serve((_, response) => void response.end('all of it'));
  const stop = new AbortController();
  const response = await wireFetch(url, { method: 'POST', body: '{}', signal: stop.signal });
  await new Promise((resolve) => setTimeout(resolve, 20));
  stop.abort();
  await assert.rejects(response.text(), { name: 'AbortError' });
  assert.equal(await (await post(url)).text(), 'all of it');
  await close();
});
