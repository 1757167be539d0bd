/**
 * Owns the client: grammY's `Api` with its types and error classes, over our own wire.
 * Every call goes straight to the wire but uploads, whose form data grammY writes. Its own HTTP client was measured at twice
 * the processor time and memory per call, and hides whether a request left. So `grammy/web` is imported, the same classes
 * without that client: 15 ms and 5 MB to load where `grammy` takes 93 ms and 20 MB.
 */
import { Api, InputFile } from 'grammy/web';
import type { ApiClientOptions } from 'grammy/web';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Secret } from '../../domain/secret.ts';
import { createWire, WireError, type Answer, type Wire } from './wire.ts';

export interface Client {
  api: Api;
  wire: Wire;
  /** Path of a file on the server. */
  filePath(path: string): string;
}

export interface ClientOptions {
  apiRoot: string;
  /** For an ordinary call, milliseconds. */
  timeoutMs: number;
  /** For getUpdates, milliseconds: longer than the long poll. */
  pollTimeoutMs: number;
}

/** Uploads take longer than other calls, by this factor. */
const UPLOAD_FACTOR = 10;
/** grammY's own limit, which must not strike before ours. */
const NEVER_SECONDS = 24 * 60 * 60;

type ApiAnswer = { ok: true; result: never } | { ok: false; error_code: number; description: string };

export function createClient(token: Secret, options: ClientOptions): Client {
  const wire = createWire(options.apiRoot);
  const root = `/bot${token.reveal()}/`;
  const upload = (url: string, init: { headers: Record<string, string>; body: ReadableStream; signal: AbortSignal }) =>
    wire
      .post({
        path: root + url.slice(url.lastIndexOf('/') + 1),
        body: Readable.fromWeb(init.body),
        contentType: init.headers['content-type'] ?? '',
        timeoutMs: options.timeoutMs * UPLOAD_FACTOR,
        signal: init.signal,
      })
      .then((answer) => ({ json: () => readAnswer(answer) }));
  const api = new Api(token.reveal(), {
    apiRoot: options.apiRoot,
    timeoutSeconds: NEVER_SECONDS,
    fetch: upload as unknown as NonNullable<ApiClientOptions['fetch']>,
  });
  api.config.use(async (previous, method, payload, signal) => {
    if (hasUpload(payload)) return previous(method, payload, signal);
    const request = {
      path: root + method,
      body: JSON.stringify(payload),
      contentType: 'application/json',
      timeoutMs: method === 'getUpdates' ? options.pollTimeoutMs : options.timeoutMs,
      signal: signal as AbortSignal | undefined,
    };
    return readAnswer(await wire.post(request));
  });
  return { api, wire, filePath: (path) => `/file/bot${token.reveal()}/${encodeURI(path)}` };
}

type ApiSignal = NonNullable<Parameters<Api['getMe']>[0]>;

/** grammY means the signals of an older library by that name; they work alike. */
export function apiSignal(signal: AbortSignal): ApiSignal {
  return signal as unknown as ApiSignal;
}

function hasUpload(payload: object): boolean {
  for (const value of Object.values(payload)) if (value instanceof InputFile) return true;
  return false;
}

/** A proxy's error page, half an answer, or anything else that is not the Bot API: its fate at the platform is unknown. */
function readAnswer({ status, body }: Answer): ApiAnswer {
  try {
    const answer: unknown = JSON.parse(body);
    if (isAnswer(answer)) return answer;
  } catch {
    // Not JSON: told below, without the body, which may be anything.
  }
  throw new WireError(`HTTP ${status} without a Bot API answer`, false);
}

function isAnswer(value: unknown): value is ApiAnswer {
  if (typeof value !== 'object' || value === null || !('ok' in value)) return false;
  if (value.ok === true) return 'result' in value;
  return value.ok === false && 'error_code' in value && 'description' in value;
}
