/**
 * The gateway's one port, on 127.0.0.1 and nowhere else. Without the token nothing answers but `/healthz`.
 * `POST /rpc/METHOD` with a JSON body calls a method of the table; the answer is JSON, or one JSON object a line when it streams.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { AppError, isAppError, type ErrorCode } from '../domain/errors.ts';
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import { redact } from '../domain/redaction.ts';
import type { Secret } from '../domain/secret.ts';
import type { Method } from './method.ts';
import { createScreen, type Screening } from './screen.ts';

const LOOPBACK = '127.0.0.1';
const MOST_BODY_BYTES = 1_048_576;

export interface ControlOptions {
  /** 0 takes a free one. */
  port: number;
  token: () => Secret | undefined;
  /** What `/healthz` says: true when this process can do its work. */
  healthy: () => boolean;
  /** Loaded at the first authenticated call. */
  methods: () => Promise<ReadonlyMap<string, Method>>;
  clock: Clock;
  log: Log;
}

export interface ControlServer {
  readonly port: number;
  close(): Promise<void>;
}

const STATUS: Record<ErrorCode, number> = {
  invalid: 400,
  denied: 403,
  not_found: 404,
  conflict: 409,
  limit: 429,
  unavailable: 503,
};

/** Rejects with AppError `conflict` when the port is taken. */
export async function startControl(options: ControlOptions): Promise<ControlServer> {
  const screen = createScreen({ port: () => portOf(server), token: options.token, clock: options.clock });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const origin = screen.origin(request);
    if (!origin.ok) return refuse(response, origin);
    if (path === '/healthz') return sendJson(response, options.healthy() ? 200 : 503, { ok: options.healthy() });
    const token = screen.token(request);
    if (!token.ok) return refuse(response, token);
    if (request.method !== 'POST' || !path.startsWith('/rpc/')) throw new AppError('not_found', `Nothing is at ${path}.`);
    await callMethod(path.slice('/rpc/'.length), request, response);
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
    const result = await method.handle(parsed.data, { signal: gone.signal, emit });
    if (response.headersSent) response.end(`${JSON.stringify({ event: 'result', payload: result ?? null })}\n`);
    else sendJson(response, 200, { ok: true, result: result ?? null });
  }

  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => fail(error, response, options.log));
  });
  await listen(server, options.port);
  return { port: portOf(server), close: () => close(server) };
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

function refuse(response: ServerResponse, screening: Extract<Screening, { ok: false }>): void {
  if (screening.retryAfterSeconds !== undefined) response.setHeader('retry-after', screening.retryAfterSeconds);
  if (screening.status === 401) response.setHeader('www-authenticate', 'Bearer');
  sendJson(response, screening.status, { ok: false, error: { message: screening.message } });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(`${JSON.stringify(body)}\n`);
}

function fail(error: unknown, response: ServerResponse, log: Log): void {
  const expected = isAppError(error);
  if (!expected) log.error({ error }, 'a request to the local port failed');
  const body = expected
    ? { code: error.code, message: redact(error.message), ...(error.hint ? { hint: redact(error.hint) } : {}) }
    : { code: 'internal', message: 'Internal error; the gateway log has its details.' };
  // What is left of a body that was not read must not be taken for the next request.
  if (!response.req.complete) response.shouldKeepAlive = false;
  if (response.headersSent) response.end(`${JSON.stringify({ event: 'error', payload: body })}\n`);
  else sendJson(response, expected ? STATUS[error.code] : 500, { ok: false, error: body });
}

/** The JSON body, at most 1 MiB; an empty body is an empty object. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request);
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (error) {
    throw new AppError('invalid', 'The body is not JSON.', { cause: error });
  }
}

/** A body over the limit is not read on; the connection stays open for the answer and closes after it. */
function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let size = 0;
    request.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size <= MOST_BODY_BYTES) pieces.push(piece);
      else if (request.isPaused() === false) {
        request.pause();
        reject(new AppError('limit', `The body is larger than ${MOST_BODY_BYTES} bytes.`));
      }
    });
    request.once('end', () => resolve(Buffer.concat(pieces)));
    request.once('error', reject);
    request.once('aborted', () => reject(new AppError('unavailable', 'The client went away.')));
  });
}
