/**
 * Owns the conversation with a Docker Engine over its unix socket: one request, one answer, a time limit on each.
 * Must never run the docker program and never decide what a container is; that is spec-to-container.ts alone.
 *
 * Source of the protocol: Docker Engine API reference, v1.41 (the oldest that is tested). Paths carry no version,
 * which means the engine's own newest: every field used here has kept its meaning since v1.40.
 */
import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../domain/errors.ts';
import { connectionError, refusal, timeoutError } from './engine-errors.ts';

export interface EngineCall {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  /** Pairs where a name comes more than once. */
  query?: Record<string, string> | [string, string][];
  /** Sent as JSON. */
  body?: unknown;
  /** Milliseconds for the whole exchange; 30 s unless given. */
  timeoutMs?: number;
}

export interface StreamCall extends EngineCall {
  /** A tar archive, sent as the body. */
  archive?: Readable;
  /** Milliseconds without any news after which the exchange is given up. */
  idleMs: number;
  signal?: AbortSignal;
}

/** Every rejection is an AppError: `invalid`, `denied`, `not_found`, `conflict` as the engine says, else `unavailable`. */
export interface Engine {
  readonly socketPath: string;
  /** The parsed answer; undefined where the engine answers without a body. */
  call<Answer = void>(call: EngineCall): Promise<Answer>;
  /** For long work: each line of the answer as it comes. Rejects when a line reports an error. */
  follow(call: StreamCall, onLine: (line: ProgressLine) => void): Promise<void>;
  /** Takes the connection over: what follows the answer's head is raw bytes in both directions. */
  hijack(call: EngineCall): Promise<Socket>;
}

export interface ProgressLine {
  status?: string;
  stream?: string;
  error?: string;
  id?: string;
}

export const defaultSocketPath = '/var/run/docker.sock';
const defaultTimeoutMs = 30_000;
/** An answer longer than this is not one of ours. */
const maxAnswerBytes = 64 * 1024 * 1024;

/** `dockerHost` is the value of DOCKER_HOST; only unix sockets are spoken to, since anything else could leave the host. */
export function engineSocketPath(options: { socketPath?: string; dockerHost?: string }): string {
  if (options.socketPath !== undefined) return options.socketPath;
  const host = options.dockerHost;
  if (host === undefined || host === '') return defaultSocketPath;
  if (host.startsWith('unix:///')) return host.slice('unix://'.length);
  throw new AppError('invalid', 'DOCKER_HOST must be a unix socket, such as unix:///var/run/docker.sock.', {
    hint: 'Unset DOCKER_HOST, or point it at the socket of an engine on this host.',
  });
}

export function createEngine(socketPath: string): Engine {
  return {
    socketPath,
    call: <Answer>(call: EngineCall) => exchange<Answer>(socketPath, call),
    follow: (call, onLine) => follow(socketPath, call, onLine),
    hijack: (call) => hijack(socketPath, call),
  };
}

interface Exchange {
  outgoing: ClientRequest;
  /** The answer, its status already checked. */
  answered: Promise<IncomingMessage>;
}

function open(socketPath: string, call: EngineCall, headers: Record<string, string> = {}): Exchange {
  const query = call.query === undefined ? '' : `?${new URLSearchParams(call.query).toString()}`;
  const outgoing = httpRequest({
    socketPath,
    method: call.method,
    path: `${call.path}${query}`,
    headers: { host: 'docker', ...headers },
    // No kept-alive connections: a new one on a local socket costs little, and a stale one would fail a call for nothing.
    agent: false,
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('error', (error) => reject(connectionError(socketPath, error)));
    outgoing.once('response', (incoming) => {
      const status = incoming.statusCode ?? 500;
      if (status < 400) return resolve(incoming);
      return readText(incoming).then((text) => reject(refusal(status, text)), reject);
    });
  });
  return { outgoing, answered };
}

/** Breaks the exchange off when its time is over; the returned function ends the watch. */
function limitTime(socketPath: string, call: EngineCall, outgoing: ClientRequest): () => void {
  const timeoutMs = call.timeoutMs ?? defaultTimeoutMs;
  const timer = setTimeout(() => outgoing.destroy(timeoutError(socketPath, call.path, timeoutMs)), timeoutMs);
  return () => clearTimeout(timer);
}

function endWithBody(outgoing: ClientRequest, body: unknown): void {
  if (body === undefined) return void outgoing.end();
  const json = Buffer.from(JSON.stringify(body));
  outgoing.setHeader('content-type', 'application/json');
  outgoing.setHeader('content-length', json.length);
  outgoing.end(json);
}

async function exchange<Answer>(socketPath: string, call: EngineCall): Promise<Answer> {
  const { outgoing, answered } = open(socketPath, call);
  const release = limitTime(socketPath, call, outgoing);
  try {
    endWithBody(outgoing, call.body);
    const text = await readText(await answered);
    return (text === '' ? undefined : parse(text)) as Answer;
  } catch (error) {
    throw connectionError(socketPath, outgoing.errored ?? (error as Error));
  } finally {
    release();
  }
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of incoming as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > maxAnswerBytes) throw new AppError('unavailable', 'The Docker engine answers without end.');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError('unavailable', 'What answers at the Docker socket is no Docker engine.', { cause: error });
  }
}

async function follow(socketPath: string, call: StreamCall, onLine: (line: ProgressLine) => void): Promise<void> {
  const { outgoing, answered } = open(socketPath, call, call.archive ? { 'content-type': 'application/x-tar' } : {});
  let idle = setTimeout(() => {}, 0);
  const news = (): void => {
    clearTimeout(idle);
    idle = setTimeout(() => outgoing.destroy(timeoutError(socketPath, call.path, call.idleMs)), call.idleMs);
  };
  const abort = (): void => void outgoing.destroy(new AppError('unavailable', 'Given up.'));
  call.signal?.addEventListener('abort', abort, { once: true });
  news();
  try {
    const sent = call.archive ? pipeline(call.archive.on('data', news), outgoing) : endWithBody(outgoing, call.body);
    const [incoming] = await Promise.all([answered, sent]);
    await readLines(incoming, (line) => {
      news();
      if (line.error !== undefined) throw new AppError('unavailable', `The Docker engine says: ${line.error.trim()}`);
      onLine(line);
    });
  } catch (error) {
    throw connectionError(socketPath, outgoing.errored ?? (error as Error));
  } finally {
    clearTimeout(idle);
    call.signal?.removeEventListener('abort', abort);
    outgoing.destroy();
  }
}

async function readLines(incoming: IncomingMessage, onLine: (line: ProgressLine) => void): Promise<void> {
  incoming.setEncoding('utf8');
  let rest = '';
  for await (const piece of incoming as AsyncIterable<string>) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') onLine(parse(line) as ProgressLine);
  }
  if (rest.trim() !== '') onLine(parse(rest) as ProgressLine);
}

function hijack(socketPath: string, call: EngineCall): Promise<Socket> {
  const { outgoing, answered } = open(socketPath, call, { connection: 'Upgrade', upgrade: 'tcp' });
  // Once it is handed over, the connection's time belongs to the caller.
  const release = limitTime(socketPath, call, outgoing);
  endWithBody(outgoing, call.body);
  const taken = new Promise<Socket>((resolve, reject) => {
    outgoing.once('upgrade', (_incoming, socket: Socket, head: Buffer) => {
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    answered.then((incoming) => {
      incoming.destroy();
      reject(new AppError('unavailable', 'The Docker engine does not hand its connection over.'));
    }, reject);
  });
  return taken.finally(release);
}
