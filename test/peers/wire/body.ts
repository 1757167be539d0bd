/**
 * Owns reading a request's bytes. Must never interpret them.
 */
import type { IncomingMessage } from 'node:http';

/** The client left in the middle of its request, as it may. */
export class ClientGone extends Error {}

/** The whole body. Rejects with ClientGone when there is no whole one. */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let rest: Buffer[] | undefined;
    request.on('data', (chunk: Buffer) => {
      if (first === undefined) first = chunk;
      else (rest ??= [first]).push(chunk);
    });
    request.on('end', () => resolve(rest === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(rest)));
    const gone = (): void => reject(new ClientGone('the client went away'));
    request.on('error', gone);
    request.on('close', gone);
  });
}

export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
