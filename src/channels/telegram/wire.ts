/**
 * Owns the wire to the Bot API: HTTP over kept-alive sockets. It knows whether a request had left this machine
 * when it failed, which decides whether a message may be sent again.
 * Must never put a path or URL into an error: they hold the token.
 */
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Readable } from 'node:stream';

/** Why there is no answer. Its message is safe to show. */
export class WireError extends Error {
  /** The request certainly never left. */
  readonly unsent: boolean;

  constructor(message: string, unsent: boolean) {
    super(message);
    this.name = 'WireError';
    this.unsent = unsent;
  }
}

export interface Request {
  /** Below the server's root. */
  path: string;
  body: string | Readable;
  contentType: string;
  /** From the start to the end of the answer. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

export interface Answer {
  status: number;
  body: string;
}

export interface Wire {
  /** Resolves with any HTTP status; rejects with a WireError. */
  post(request: Request): Promise<Answer>;
  /** Resolves when the head of a download is there; its body then errors when it stalls or breaks off. */
  get(path: string, signal: AbortSignal): Promise<IncomingMessage>;
}

/** A connection that is not there by then never will be. */
const CONNECT_TIMEOUT_MS = 10_000;
/** A download that brings nothing for so long is dead. */
const STALL_TIMEOUT_MS = 30_000;
/** Kept below the time after which servers drop idle connections: a request on a dropped one has an unknown fate. */
const IDLE_SOCKET_MS = 20_000;
/** More would only queue at the platform, and every TLS connection costs memory. */
const MAX_SOCKETS = 128;
const MAX_ANSWER_CHARS = 64 * 1024 * 1024;

/** `root` is http(s)://host[:port][/path], with no slash at the end. Idle connections keep no process alive. */
export function createWire(root: string): Wire {
  const { protocol, hostname, port, pathname } = new URL(root);
  const secure = protocol === 'https:';
  // Not imported: as ES modules these bring Node's own fetch along, 10 MB and more that nobody uses here.
  const http = secure ? process.getBuiltinModule('node:https') : process.getBuiltinModule('node:http');
  const agent = new http.Agent({
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    maxFreeSockets: MAX_SOCKETS,
    scheduling: 'lifo',
    timeout: IDLE_SOCKET_MS,
    // Node's 250 ms per address is too short for slow lines.
    autoSelectFamilyAttemptTimeout: 2_500,
  });
  const server: RequestOptions = { agent, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port };
  const prefix = pathname === '/' ? '' : pathname;
  const ready = secure ? 'secureConnect' : 'connect';

  function start(path: string, headers: Record<string, string | number>, method: string): Pending {
    const request = http.request({ ...server, path: prefix + path, method, headers });
    const pending: Pending = { request, written: false };
    request.once('socket', (socket) => {
      if (!socket.connecting) {
        pending.written = true;
        return;
      }
      const timer = setTimeout(() => request.destroy(new Error('no connection')), CONNECT_TIMEOUT_MS);
      socket.once(ready, () => {
        clearTimeout(timer);
        pending.written = true;
      });
      socket.once('close', () => clearTimeout(timer));
    });
    return pending;
  }

  return {
    post({ path, body, contentType, timeoutMs, signal }) {
      const headers: Record<string, string | number> = { 'content-type': contentType };
      if (typeof body === 'string') headers['content-length'] = Buffer.byteLength(body);
      const pending = start(path, headers, 'POST');
      const answer = awaitAnswer(pending, timeoutMs, signal);
      if (typeof body === 'string') pending.request.end(body);
      else stream(body, pending.request);
      return answer;
    },
    get(path, signal) {
      const pending = start(path, {}, 'GET');
      pending.request.setTimeout(STALL_TIMEOUT_MS, () => pending.request.destroy(new Error('the download stalled')));
      return new Promise((resolve, reject) => {
        const stop = (): void => void pending.request.destroy(new Error('stopped'));
        signal.addEventListener('abort', stop, { once: true });
        pending.request.once('close', () => signal.removeEventListener('abort', stop));
        pending.request.on('error', (error) => reject(failure(error, pending)));
        pending.request.once('response', resolve);
        if (signal.aborted) stop();
        else pending.request.end();
      });
    },
  };
}

/** Neither outlives the other: an upload that failed must not keep its file open. */
function stream(body: Readable, request: ClientRequest): void {
  body.once('error', (error) => request.destroy(error));
  request.once('close', () => body.destroy());
  body.pipe(request);
}

interface Pending {
  request: ClientRequest;
  /** The connection stood, so the request may have arrived. */
  written: boolean;
}

function awaitAnswer(pending: Pending, timeoutMs: number, signal: AbortSignal | undefined): Promise<Answer> {
  const { request } = pending;
  return new Promise((resolve, reject) => {
    const stop = (): void => void request.destroy(new Error('stopped'));
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    const release = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    };
    const fail = (error: Error): void => {
      release();
      reject(failure(error, pending));
    };
    request.on('error', fail);
    request.once('response', (response: IncomingMessage) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
        if (body.length > MAX_ANSWER_CHARS) request.destroy(new Error('an answer without end'));
      });
      response.once('error', fail);
      response.once('end', () => {
        release();
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
  });
}

function failure(error: Error, { written }: Pending): WireError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code === undefined) return new WireError(error.message, !written);
  return new WireError(`${written ? 'the connection was lost' : 'no connection'} (${code})`, !written);
}
