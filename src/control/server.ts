/**
 * The gateway's one port, on 127.0.0.1 and nowhere else. Without the token nothing answers but `/healthz` and `/readyz`.
 * `POST /rpc/METHOD` with a JSON body calls a method of the table; the answer is JSON, or one JSON object a line when it streams.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { AppError } from '../domain/errors.ts';
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { Secret } from '../domain/secret.ts';
import { errorAnswer, readJson, sendJson } from './answers.ts';
import type { Method } from './method.ts';
import type { Route } from './route.ts';
import type { Sockets } from './socket/index.ts';
import { acceptUpgrades } from './upgrade.ts';
import { createScreen, type Screening } from './screen.ts';

const LOOPBACK = '127.0.0.1';

export interface ControlOptions {
  /** 0 takes a free one. */
  port: number;
  token: () => Secret | undefined;
  /** What `/healthz` says: true when this process can do its work. */
  healthy: () => boolean;
  /** What `/readyz` says: the names of what does not work, e.g. `store`; empty when messages are taken in and answered. */
  failing: () => Promise<string[]>;
  /** Loaded at the first authenticated call. */
  methods: () => Promise<ReadonlyMap<string, Method>>;
  /** Loaded at the first authenticated request that is no method call. */
  routes: () => Promise<readonly Route[]>;
  /** Loaded when the first client asks for a WebSocket. */
  sockets: () => Promise<Sockets>;
  clock: Clock;
  log: Log;
}

export interface ControlServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects with AppError `conflict` when the port is taken. */
export async function startControl(options: ControlOptions): Promise<ControlServer> {
  const screen = createScreen({ port: () => portOf(server), token: options.token, clock: options.clock });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const origin = screen.origin(request);
    if (!origin.ok) return refuse(response, origin);
    if (path === '/healthz') return sendJson(response, options.healthy() ? 200 : 503, { ok: options.healthy() });
    if (path === '/readyz') return sendReadiness(response, await options.failing());
    const token = screen.token(request);
    if (!token.ok) return refuse(response, token);
    if (path.startsWith('/rpc/') && request.method === 'POST') return callMethod(path.slice('/rpc/'.length), request, response);
    const route = (await options.routes()).find((one) => one.path === path && one.method === request.method);
    if (!route) throw new AppError('not_found', `Nothing is at ${path}.`);
    await route.handle(request, response);
  }

  async function callMethod(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = (await options.methods()).get(name);
    if (!method) throw new AppError('not_found', `Unknown method: ${name}.`);
    const parsed = method.params.safeParse(await readJson(request));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new AppError(
        'invalid',
        `Invalid parameters of ${name}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
      );
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const emit = (event: string, payload: unknown): void => {
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.write(`${JSON.stringify({ event, payload })}\n`);
    };
    const result = await method.handle(parsed.data, {
      signal: gone.signal,
      emit,
      accepted: (payload) => emit('accepted', payload),
    });
    if (response.headersSent) response.end(`${JSON.stringify({ event: 'result', payload: result ?? null })}\n`);
    else sendJson(response, 200, { ok: true, result: result ?? null });
  }

  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => fail(error, response, options.log));
  });
  const upgrades = acceptUpgrades(server, { screen, load: options.sockets, log: options.log });
  await listen(server, options.port);
  return {
    port: portOf(server),
    async close() {
      await upgrades.close();
      await close(server);
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const message = taken ? `Port ${port} on ${LOOPBACK} is taken.` : `Cannot listen on ${LOOPBACK}:${port}: ${error.message}`;
      const hint = taken
        ? `See who holds it: ss -tlnp | grep ${port}. Another port: openclaw config set gateway.port PORT`
        : undefined;
      reject(new AppError(taken ? 'conflict' : 'unavailable', message, { ...(hint ? { hint } : {}), cause: error }));
    });
    server.listen(port, LOOPBACK, resolve);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function sendReadiness(response: ServerResponse, failing: string[]): void {
  const ok = failing.length === 0;
  sendJson(response, ok ? 200 : 503, { ok, failing });
}

function refuse(response: ServerResponse, screening: Extract<Screening, { ok: false }>): void {
  if (screening.retryAfterSeconds !== undefined) response.setHeader('retry-after', screening.retryAfterSeconds);
  if (screening.status === 401) response.setHeader('www-authenticate', 'Bearer');
  // Clients of the OpenAI API read these names too.
  const type = screening.status === 429 ? 'rate_limit_error' : 'invalid_request_error';
  sendJson(response, screening.status, { ok: false, error: { message: screening.message, type, param: null, code: 'denied' } });
}

function fail(error: unknown, response: ServerResponse, log: Log): void {
  const { status, ...body } = errorAnswer(error, log);
  // What is left of a body that was not read must not be taken for the next request.
  if (!response.req.complete) response.shouldKeepAlive = false;
  if (response.headersSent) response.end(`${JSON.stringify({ event: 'error', payload: body })}\n`);
  else sendJson(response, status, { ok: false, error: body });
}
