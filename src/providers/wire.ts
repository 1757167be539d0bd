/**
 * Owns the HTTP edge of all wire formats: the one `fetch` that the vendors' packages get.
 * It stands on node:http because the global fetch costs 0.3 to 0.4 ms more CPU a call and 120 MB more at the peak of
 * 4,000 calls, and ends every answer that is silent for five minutes, which reasoning models are.
 * Must never follow a redirect: it would carry the key and the conversation to a server that nobody configured.
 */
import { request as httpRequest, Agent as HttpAgent, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as HttpsAgent } from 'node:https';

/** An error body is read up to here; the rest is dropped. */
const MAX_ERROR_BYTES = 64 * 1024;
const CONNECT_TIMEOUT_MS = 15_000;

const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };

interface Outgoing {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body: string;
  signal: AbortSignal | undefined;
}

/**
 * Headers without a value are left out (the packages insist on a key header even where there is no key), and error
 * bodies are cut. Rejects with the socket's error, or with an AbortError.
 */
export const wireFetch: typeof fetch = async (input, init = {}) => {
  if (typeof init.body !== 'string') throw new TypeError('only JSON texts are sent to models');
  const signal = init.signal ?? undefined;
  const response = await answerTo({
    url: new URL(input instanceof Request ? input.url : input),
    method: init.method ?? 'POST',
    headers: withoutEmpty(init.headers),
    body: init.body,
    signal,
  });
  return asResponse(response, signal);
};

function withoutEmpty(headers: RequestInit['headers']): Record<string, string> {
  return Object.fromEntries([...new Headers(headers)].filter(([, value]) => !/^(?:Bearer)?\s*$/i.test(value)));
}

/** A connection that was kept open may just have been closed by the server; then the request goes over a new one. */
async function answerTo(outgoing: Outgoing): Promise<IncomingMessage> {
  try {
    return await send(outgoing, agents[outgoing.url.protocol === 'https:' ? 'https' : 'http']);
  } catch (error) {
    if (!(error instanceof StaleConnection)) throw error;
    return await send(outgoing, false);
  }
}

class StaleConnection extends Error {}

function send(outgoing: Outgoing, agent: HttpAgent | false): Promise<IncomingMessage> {
  const { url, method, body, signal } = outgoing;
  const headers = { ...outgoing.headers, 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const options = { method, headers, agent };
    const request = url.protocol === 'https:' ? httpsRequest(url, options, resolve) : httpRequest(url, options, resolve);
    request.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = request.reusedSocket && signal?.aborted !== true && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(isStale ? new StaleConnection('the server had closed it', { cause: error }) : error);
    });
    endWith(request, signal);
    limitConnecting(request);
    request.end(body);
  });
}

/**
 * Instead of the `signal` option, which destroys the request with an error: where the answer is complete but unread, the
 * socket emits it after the client has taken its listeners off, and the process ends.
 */
function endWith(request: ClientRequest, signal: AbortSignal | undefined): void {
  if (!signal) return;
  const abort = (): void => void request.destroy();
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  request.once('close', () => signal.removeEventListener('abort', abort));
}

function limitConnecting(request: ClientRequest): void {
  request.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => {
      request.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' }));
    }, CONNECT_TIMEOUT_MS);
    const settled = (): void => clearTimeout(timer);
    socket.once('connect', settled).once('close', settled);
  });
}

async function asResponse(message: IncomingMessage, signal: AbortSignal | undefined): Promise<Response> {
  // Whoever reads the body gets the error; an abort while nobody reads must not end the process.
  message.on('error', () => {});
  const status = message.statusCode ?? 500;
  const init = { status, statusText: message.statusMessage ?? '', headers: headersOf(message) };
  const body = bodyOf(message, signal);
  if (status >= 200 && status < 300) return new Response(body, init);
  const text = await firstBytes(body);
  return new Response(status === 304 ? null : text, init);
}

function headersOf(message: IncomingMessage): [string, string][] {
  return Object.entries(message.headers).map(([name, value]) => [name, String(value)]);
}

function bodyOf(message: IncomingMessage, signal: AbortSignal | undefined): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks: AsyncIterator<Uint8Array<ArrayBuffer>> = message[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      start(controller) {
        // A destroyed request does not always tell its reader, who would wait for ever.
        const abort = (): void => controller.error(new DOMException('aborted', 'AbortError'));
        signal?.addEventListener('abort', abort, { once: true });
        message.once('close', () => signal?.removeEventListener('abort', abort));
      },
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel() {
        message.destroy();
      },
    },
    // Nothing is read before somebody wants it.
    { highWaterMark: 0 },
  );
}

async function firstBytes(body: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the rest.
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_ERROR_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_ERROR_BYTES).toString('utf8');
}
