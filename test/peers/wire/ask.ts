/**
 * Owns the plain client of the peers' own tests: one Bot API call, one model call, one event stream. Uses fetch and nothing else.
 */

export interface Answer {
  status: number;
  headers: Headers;
  // The shape is what the test looks at; it fails there when it is another.
  body: { ok?: boolean; result?: unknown; description?: string; error_code?: number; parameters?: unknown; error?: unknown };
}

async function toAnswer(response: Response): Promise<Answer> {
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
}

/** One Bot API call with a JSON body, or with a form. */
export async function askBot(
  bot: { url: string; token: string },
  method: string,
  parameters: Record<string, unknown> | FormData | URLSearchParams = {},
): Promise<Answer> {
  const isForm = parameters instanceof FormData || parameters instanceof URLSearchParams;
  const body = isForm ? parameters : JSON.stringify(parameters);
  const headers: Record<string, string> = isForm ? {} : { 'content-type': 'application/json' };
  return toAnswer(await fetch(`${bot.url}/bot${bot.token}/${method}`, { method: 'POST', headers, body }));
}

/** The `result` of a Bot API call that has to succeed. */
export async function resultOf<T>(
  bot: { url: string; token: string },
  method: string,
  parameters: Record<string, unknown> | FormData | URLSearchParams = {},
): Promise<T> {
  const { status, body } = await askBot(bot, method, parameters);
  if (status !== 200 || body.ok !== true) throw new Error(`${method}: ${status} ${body.description}`);
  return body.result as T;
}

export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: text });
}

export async function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return toAnswer(await post(url, body, headers));
}

export interface StreamEvent {
  name: string | undefined;
  /** Parsed where it is JSON. */
  data: unknown;
}

/** Reads a whole event stream; `chunks` counts the reads that it took. */
export async function readEvents(response: Response): Promise<{ events: StreamEvent[]; text: string; chunks: number }> {
  const decoder = new TextDecoder();
  let text = '';
  let chunks = 0;
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    chunks += 1;
  }
  return { events: parseEvents(text), text, chunks };
}

export function parseEvents(text: string): StreamEvent[] {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n\n')
    .filter((block) => /^data:/m.test(block))
    .map((block) => ({ name: /^event: (.*)$/m.exec(block)?.[1], data: parseData(/^data: (.*)$/m.exec(block)?.[1] ?? '') }));
}

function parseData(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}
