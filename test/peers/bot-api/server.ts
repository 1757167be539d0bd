/**
 * Owns the wire of the Bot API peer: routes, tokens, planned faults, network loss, the record of calls.
 * Must never know what a method does.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientGone, readBody } from '../wire/body.ts';
import type { Fault, Faults } from '../wire/faults.ts';
import { plainRefusal, Refusal, refusalBody, resultBody } from './answers.ts';
import { readInput, type CallInput } from './parameters.ts';
import type { Call } from './types.ts';

/** "silent": accepts and never answers. "refused": connections are reset, new ones refused. */
export type Network = 'up' | 'silent' | 'refused';

export interface Wire {
  token: string;
  revoked: boolean;
  network: Network;
  readonly faults: Faults;
  /** Handles one call. `answer` is called once, now or later; `cancelled` fires when the client goes away. */
  call(call: WireCall): void;
  /** Bytes of a downloadable file. */
  download(path: string): Buffer | undefined;
  record(call: Call): void;
  failed(error: unknown): void;
}

export interface WireCall {
  method: string;
  input: CallInput;
  answer: (result: unknown) => void;
  onCancel: (cancel: () => void) => unknown;
}

const TARGET = /^\/bot([^/]+)\/(?:test\/)?([A-Za-z]+)\/?(?:\?(.*))?$/;
const FILE_TARGET = /^\/file\/bot([^/]+)\/([^?]+)/;

export function createHandler(wire: Wire): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    handle(wire, request, response).catch((error: unknown) => {
      // A client that goes away is its right; anything else is a bug of this peer, and has to be seen.
      if (!(error instanceof ClientGone)) wire.failed(error);
      response.destroy();
    });
  };
}

async function handle(wire: Wire, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (wire.network === 'silent') return;
  const url = request.url ?? '';
  if (url.startsWith('/file/')) return sendFile(wire, url, response);
  const target = TARGET.exec(url);
  if (target === null) return send(response, plainRefusal(404));
  const [, token = '', method = '', query = ''] = target;
  const call: Call = { method, parameters: {}, files: [], at: Date.now(), status: 0 };
  const reply: Reply = { wire, call, response, fault: wire.faults.take(method) };
  try {
    await run(reply, { token, query, type: request.headers['content-type'] ?? '', body: await readBody(request) });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    answer(reply, error);
  }
}

async function run(reply: Reply, given: { token: string; query: string; type: string; body: Buffer }): Promise<void> {
  const { wire, call, response } = reply;
  if (!accepts(wire, given.token)) throw new Refusal(401, 'Unauthorized');
  const input = readInput(given.query, given.type, given.body);
  call.parameters = input.parameters;
  call.files = input.files;
  if (reply.fault !== undefined && (await suffers(reply, reply.fault))) return;
  const onCancel = (cancel: () => void): unknown => response.on('close', cancel);
  wire.call({ method: call.method, input, answer: (result) => answer(reply, result), onCancel });
}

interface Reply {
  wire: Wire;
  call: Call;
  response: ServerResponse;
  fault: Fault | undefined;
}

function accepts(wire: Wire, token: string): boolean {
  return !wire.revoked && (token === wire.token || decodeURIComponent(token) === wire.token);
}

/** What a fault does before the call takes effect. True when that is all. */
async function suffers(reply: Reply, fault: Fault): Promise<boolean> {
  if (fault.delayMs !== undefined) await sleep(fault.delayMs);
  if (fault.reset === 'before') drop(reply);
  else if (fault.body !== undefined) sendRaw(reply, fault.status ?? 502, fault.body);
  else if (fault.status !== undefined) answer(reply, faultRefusal(fault, fault.status));
  else return false;
  return true;
}

function sendRaw({ wire, call, response }: Reply, status: number, body: string): void {
  call.status = status;
  response.writeHead(status, { 'content-type': 'text/html', 'content-length': Buffer.byteLength(body) });
  response.end(body);
  wire.record(call);
}

function faultRefusal(fault: Fault, status: number): Refusal {
  return plainRefusal(status, fault.description, fault.retryAfterSeconds);
}

function answer(reply: Reply, result: unknown): void {
  const { wire, call, response, fault } = reply;
  if (fault?.reset === 'after') return drop(reply);
  // The network may have gone while the call was on its way.
  if (fault?.silent === true || wire.network !== 'up') return wire.record(call);
  call.status = result instanceof Refusal ? result.status : 200;
  send(response, result, fault?.truncate);
  wire.record(call);
}

function drop(reply: Reply): void {
  reply.response.socket?.resetAndDestroy();
  reply.wire.record(reply.call);
}

function send(response: ServerResponse, result: unknown, truncated = false): void {
  if (response.destroyed) return;
  const refused = result instanceof Refusal;
  const body = refused ? refusalBody(result) : resultBody(result);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  response.writeHead(refused ? result.status : 200, headers);
  if (truncated) sendHalf(response, Buffer.from(body));
  else response.end(body);
}

/** The announced length never comes: the connection ends in the middle. */
function sendHalf(response: ServerResponse, bytes: Buffer): void {
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.socket?.destroy());
}

async function sendFile(wire: Wire, url: string, response: ServerResponse): Promise<void> {
  const [, token = '', path = ''] = FILE_TARGET.exec(url) ?? [];
  if (!accepts(wire, token)) return send(response, new Refusal(401, 'Unauthorized'));
  const call: Call = { method: 'file', parameters: { path }, files: [], at: Date.now(), status: 0 };
  const reply: Reply = { wire, call, response, fault: wire.faults.take('file') };
  if (reply.fault !== undefined && (await suffers(reply, reply.fault))) return;
  const bytes = wire.download(decodeURIComponent(path));
  if (bytes === undefined) return answer(reply, plainRefusal(404));
  if (reply.fault?.silent === true) return;
  call.status = 200;
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
  if (reply.fault?.truncate === true) sendHalf(response, bytes);
  else response.end(bytes);
  wire.record(call);
}
