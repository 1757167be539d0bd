/**
 * Calls a running gateway on loopback, with its token. Knows nothing of who asks.
 * Rejections: AppError `unavailable` when no gateway listens, else what the gateway said.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { AppError, type ErrorCode } from '../domain/errors.ts';
import type { Secret } from '../domain/secret.ts';

export interface ControlClient {
  call(method: string, params?: unknown, onEvent?: (event: string, payload: unknown) => void): Promise<unknown>;
  /** True when a healthy gateway answers on the port. */
  isHealthy(): Promise<boolean>;
}

export interface ClientOptions {
  port: number;
  token: Secret | undefined;
  signal?: AbortSignal;
}

export function createControlClient(options: ClientOptions): ControlClient {
  return {
    async call(method, params = {}, onEvent = () => {}) {
      const response = await send(options, 'POST', `/rpc/${method}`, JSON.stringify(params));
      if (response.headers['content-type'] === 'application/x-ndjson') return readStream(response, onEvent);
      const body = (await readJson(response)) as { ok: boolean; result?: unknown; error?: RemoteError };
      if (body.ok) return body.result;
      throw remoteError(body.error);
    },
    async isHealthy() {
      try {
        const response = await send(options, 'GET', '/healthz');
        response.resume();
        return response.statusCode === 200;
      } catch {
        return false;
      }
    },
  };
}

interface RemoteError {
  code?: string;
  message?: string;
  hint?: string;
}

const CODES: readonly string[] = ['invalid', 'denied', 'not_found', 'conflict', 'limit', 'unavailable'] satisfies ErrorCode[];

function remoteError(error: RemoteError | undefined): AppError {
  const code = CODES.includes(error?.code ?? '') ? (error?.code as ErrorCode) : 'denied';
  return new AppError(code, error?.message ?? 'The gateway refused.', error?.hint ? { hint: error.hint } : {});
}

function send(options: ClientOptions, method: string, path: string, body?: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (options.token) headers['authorization'] = `Bearer ${options.token.reveal()}`;
    const request = httpRequest(
      { host: '127.0.0.1', port: options.port, method, path, headers, signal: options.signal },
      resolve,
    );
    request.on('error', (cause) =>
      reject(
        new AppError('unavailable', `No gateway answers on 127.0.0.1:${options.port}.`, {
          hint: 'Start it: openclaw gateway run',
          cause,
        }),
      ),
    );
    request.end(body);
  });
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  for await (const piece of response as AsyncIterable<Buffer>) pieces.push(piece);
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8')) as unknown;
  } catch (cause) {
    throw new AppError('unavailable', 'What answers on the port is not this gateway.', { cause });
  }
}

async function readStream(response: IncomingMessage, onEvent: (event: string, payload: unknown) => void): Promise<unknown> {
  let rest = '';
  for await (const piece of response.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const { event, payload } = JSON.parse(line) as { event: string; payload: unknown };
      if (event === 'result') return payload;
      if (event === 'error') throw remoteError(payload as RemoteError);
      onEvent(event, payload);
    }
  }
  throw new AppError('unavailable', 'The gateway broke off in the middle of its answer.');
}
