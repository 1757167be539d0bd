/** How the local port reads a body and answers in JSON. It decides nothing about who may ask. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError, isAppError, type ErrorCode } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import { redact } from '../domain/redaction.ts';

const MOST_BODY_BYTES = 1_048_576;

const STATUS: Record<ErrorCode, number> = {
  invalid: 400,
  denied: 403,
  not_found: 404,
  conflict: 409,
  limit: 429,
  unavailable: 503,
};

export interface ErrorAnswer {
  status: number;
  code: ErrorCode | 'internal';
  message: string;
  hint?: string;
}

/** What may be told of an error; a bug goes to the log and is told as such. */
export function errorAnswer(error: unknown, log: Log): ErrorAnswer {
  if (!isAppError(error)) {
    log.error({ error }, 'a request to the local port failed');
    return { status: 500, code: 'internal', message: 'Internal error; the gateway log has its details.' };
  }
  const { code, message, hint } = error;
  return { status: STATUS[code], code, message: redact(message), ...(hint ? { hint: redact(hint) } : {}) };
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(`${JSON.stringify(body)}\n`);
}

/** The JSON body, at most 1 MiB; an empty body is an empty object. Rejects with AppError `invalid` and `limit`. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
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
