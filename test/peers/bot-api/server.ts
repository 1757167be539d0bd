// Owns the wire of the Bot API peer: routes, tokens, planned faults, network loss, the record of calls.
// Must never know what a method does.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBody } from '../wire/body.ts';
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
  onCancel: (cancel: () => void) => void;
}

const TARGET = /^\/bot([^/]+)\/(?:test\/)?([A-Za-z]+)\/?(?:\?(.*))?$/;
const FILE_TARGET = /^\/file\/bot([^/]+)\/([^?]+)/;

export function createHandler(wire: Wire): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    handle(wire, request, response).catch((error: unknown) => {
      // A client that goes away is its right; anything else is a bug of this peer and has to be seen.
      if (!request.destroyed && !response.destroyed) wire.failed(error);
      response.destroy();
    });
  };
}

async function handle(wire: Wire, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = request.url ?? '';
  if (wire.network === 'silent') return;
  if (url.startsWith('/file/')) return sendFile(wire, url, response);
  const target = TARGET.exec(url);
  if (target === null) return send(response, plainRefusal(404));
  const body = await readBody(request);
  if (!accepts(wire, target[1] ?? '')) return send(response, new Refusal(401, 'Unauthorized'));
  const method = target[2] ?? '';
  const fault = wire.faults.take(method);
  const call: Call = { method, parameters: {}, files: [], at: Date.now(), status: 0 };
  const reply: Reply = { wire, call, response, fault };
  try {
    const input = readInput(target[3] ?? '', request.headers['content-type'] ?? '', body);
    call.parameters = input.parameters;
    call.files = input.files;
    if (fault?.delayMs !== undefined) await sleep(fault.delayMs);
    if (fault?.reset === 'before') return drop(reply);
    if (fault?.status !== undefined) return answer(reply, faultRefusal(fault, fault.status));
    wire.call({
      method,
      input,
      answer: (result) => answer(reply, result),
      onCancel: (cancel) => response.on('close', cancel),
    });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    answer(reply, error);
  }
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

function faultRefusal(fault: Fault, status: number): Refusal {
  return plainRefusal(status, fault.description, fault.retryAfterSeconds);
}

function answer(reply: Reply, result: unknown): void {
  const { wire, call, response, fault } = reply;
  if (fault?.reset === 'after') return drop(reply);
  // The network may have gone while the call was on its way.
  if (fault?.silent === true || wire.network !== 'up') return wire.record(call);
  call.status = result instanceof Refusal ? result.status : 200;
  send(response, result, fault?.truncate === true);
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
  const length = Buffer.byteLength(body);
  response.writeHead(refused ? result.status : 200, { 'content-type': 'application/json', 'content-length': length });
  if (!truncated) return void response.end(body);
  response.write(Buffer.from(body).subarray(0, Math.floor(length / 2)), () => response.socket?.destroy());
}

async function sendFile(wire: Wire, url: string, response: ServerResponse): Promise<void> {
  const target = FILE_TARGET.exec(url);
  if (target === null || !accepts(wire, target[1] ?? '')) return send(response, new Refusal(401, 'Unauthorized'));
  const fault = wire.faults.take('file');
  if (fault?.delayMs !== undefined) await sleep(fault.delayMs);
  if (fault?.reset !== undefined) return void response.socket?.resetAndDestroy();
  if (fault?.status !== undefined) return send(response, faultRefusal(fault, fault.status));
  const bytes = wire.download(decodeURIComponent(target[2] ?? ''));
  if (bytes === undefined) return send(response, plainRefusal(404));
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
  if (fault?.truncate !== true) return void response.end(bytes);
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.socket?.destroy());
}
