/**
 * Owns the fake model vendors as a test sees them: one server on a real socket that speaks the vendors' wire formats,
 * and a script that decides what the model says. Needs nothing of the product.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { discover, type Discovery } from './model-api/discovery.ts';
import { createEcho } from './model-api/echo.ts';
import type { Format, ReadCall, Route } from './model-api/format.ts';
import { formats } from './model-api/formats.ts';
import { overflowRefusal, play, sendJson, sendRefusal, type Playing } from './model-api/play.ts';
import { invalid, Refusal } from './model-api/refusal.ts';
import type { ModelCall, Script, Step, TokenUsage, Turn } from './model-api/types.ts';
import { isObject, readBody, type Json } from './wire/body.ts';
import { listen } from './wire/listen.ts';
import { createRandom } from './wire/random.ts';
import { createNews } from './wire/until.ts';

export type { Discovery } from './model-api/discovery.ts';
export type { ModelCall, Part, Script, Step, Steps, TokenUsage, ToolSchema, Turn } from './model-api/types.ts';

export interface ModelApiOptions {
  /** 0, the default, picks a free port. */
  port?: number;
  /** The key that every format asks for; null asks for none, as servers on loopback do. */
  apiKey?: string | null;
  models?: string[];
  script?: Script;
  /** A prompt above this many tokens (4 bytes each) is refused in the vendor's own words. */
  contextTokens?: number;
  /** Text and tool arguments are streamed in pieces of 1 to this many characters; 16 unless told. */
  pieceCharacters?: number;
  /** Streams are cut into writes of 1 to this many bytes, anywhere, also inside a character. */
  splitBytes?: number;
  /** For the cuts. */
  seed?: number;
  /** Also play one of the servers that people run at home. */
  discovery?: Discovery;
  /** Keep counts only. */
  bench?: boolean;
}

export interface ModelApi {
  /** http://127.0.0.1:PORT; OpenAI's base URL is this and /v1, Google's this and /v1beta. */
  readonly url: string;
  readonly port: number;
  /** The empty string when no key is asked for. */
  readonly apiKey: string;
  close(): Promise<void>;
  /** Valid calls in order of arrival. Empty in bench mode. */
  readonly requests: readonly ModelCall[];
  /** All calls, refused ones too. Cheap. */
  count(): number;
  /** What was refused for its shape, its key or its size, with the reason. */
  readonly refusals: readonly { path: string; status: number; message: string }[];
  inFlight(): number;
  highestInFlight(): number;
  /** Decides the answers from now on; without a function the echo comes back. */
  script(script?: Script): void;
  /** The next answers, before the script is asked; one list of steps a call. */
  answerNext(...answers: Step[][]): void;
  /** Resolves when there were `n` valid calls. */
  waitForRequests(n: number, timeoutMs?: number): Promise<void>;
  onRequest(listener: (call: ModelCall) => void): void;
  /** Changes how streams are cut. */
  split(options: { pieceCharacters?: number; splitBytes?: number; seed?: number }): void;
  /** Other calls are refused (llama.cpp: 503) while true. */
  setLoading(loading: boolean): void;
  /** Existing connections are reset and new ones refused, until `up`. */
  network(state: 'up' | 'refused'): Promise<void>;
  /** Bugs of this peer or of a test's script. */
  readonly failures: readonly unknown[];
}

interface State {
  readonly options: ModelApiOptions;
  readonly apiKey: string | null;
  readonly models: readonly string[];
  readonly requests: ModelCall[];
  readonly refusals: { path: string; status: number; message: string }[];
  readonly failures: unknown[];
  readonly queued: Step[][];
  readonly news: ReturnType<typeof createNews>;
  script: Script;
  pieceCharacters: number;
  splitBytes: number;
  random: () => number;
  count: number;
  valid: number;
  toolCalls: number;
  inFlight: number;
  highest: number;
  loading: boolean;
  onRequest: ((call: ModelCall) => void) | undefined;
}

const DEFAULT_KEY = 'sk-peer-0123456789abcdef';
const DEFAULT_TIMEOUT_MS = 5000;
const DEFAULT_CONTEXT_TOKENS = 128_000;

/** Starts the peer. Rejects when the port is taken. */
export async function createModelApi(options: ModelApiOptions = {}): Promise<ModelApi> {
  const state = createState(options);
  const listener = await listen(options.port ?? 0, (request, response) => {
    handle(state, request, response).catch((error: unknown) => {
      if (!request.destroyed && !response.destroyed) state.failures.push(error);
      response.destroy();
    });
  });
  return {
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    apiKey: state.apiKey ?? '',
    close: () => listener.close(),
    requests: state.requests,
    count: () => state.count,
    refusals: state.refusals,
    inFlight: () => state.inFlight,
    highestInFlight: () => state.highest,
    script(script = createEcho()) {
      state.script = script;
    },
    answerNext: (...answers) => void state.queued.push(...answers),
    waitForRequests: (n, timeoutMs = DEFAULT_TIMEOUT_MS) =>
      state.news.until(
        () => state.valid >= n,
        () => `request ${n} to the model; there are ${state.valid}`,
        timeoutMs,
      ),
    onRequest(listener_) {
      state.onRequest = listener_;
    },
    split: (wanted) => applySplit(state, wanted),
    setLoading(loading) {
      state.loading = loading;
    },
    network: (wanted) => (wanted === 'up' ? listener.accept() : listener.refuse()),
    failures: state.failures,
  };
}

function createState(options: ModelApiOptions): State {
  const state: State = {
    options,
    apiKey: options.apiKey === undefined ? DEFAULT_KEY : options.apiKey,
    models: options.models ?? ['peer-1', 'peer-mini'],
    requests: [],
    refusals: [],
    failures: [],
    queued: [],
    news: createNews(),
    script: options.script ?? createEcho(),
    pieceCharacters: options.bench === true ? Infinity : 16,
    splitBytes: Infinity,
    random: createRandom(1),
    count: 0,
    valid: 0,
    toolCalls: 0,
    inFlight: 0,
    highest: 0,
    loading: false,
    onRequest: undefined,
  };
  applySplit(state, options);
  return state;
}

function applySplit(state: State, wanted: { pieceCharacters?: number; splitBytes?: number; seed?: number }): void {
  state.pieceCharacters = wanted.pieceCharacters ?? state.pieceCharacters;
  state.splitBytes = wanted.splitBytes ?? state.splitBytes;
  if (wanted.seed !== undefined) state.random = createRandom(wanted.seed);
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  if (request.method === 'GET' || request.method === 'HEAD') return answerGet(state, { path, request, response });
  const body = await readBody(request);
  const target = routeOf(path);
  if (target === undefined)
    return sendJson(
      response,
      404,
      JSON.stringify({
        error: { message: `Invalid URL (${request.method} ${path})`, type: 'invalid_request_error', param: null, code: null },
      }),
    );
  state.count += 1;
  state.inFlight += 1;
  state.highest = Math.max(state.highest, state.inFlight);
  try {
    await answerPost(state, { ...target, path, query, request, response, body });
  } finally {
    state.inFlight -= 1;
  }
}

function routeOf(path: string): { format: Format; route: Route } | undefined {
  for (const format of formats) {
    const route = format.route(path);
    if (route !== undefined) return { format, route };
  }
  return undefined;
}

interface Post {
  format: Format;
  route: Route;
  path: string;
  query: string;
  request: IncomingMessage;
  response: ServerResponse;
  body: Buffer;
}

async function answerPost(state: State, post: Post): Promise<void> {
  const { format, response } = post;
  let call: ModelCall;
  try {
    call = readCall(state, post);
    admit(state, format, call);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    state.refusals.push({ path: post.path, status: error.status, message: error.message });
    return sendRefusal(format, response, error);
  }
  const steps = state.queued.shift() ?? (await state.script(call));
  const outcome = await play(playing(state, post, call), steps);
  if (outcome === 'left open') await new Promise((resolve) => response.on('close', resolve));
}

function readCall(state: State, post: Post): ModelCall {
  const { format, route, request, body } = post;
  checkKey(state, post);
  format.checkHeaders?.(request.headers);
  const parsed = parseBody(body);
  const read = format.read(parsed, route);
  return {
    ...read,
    format: format.name,
    lastUserText: lastUserText(read),
    results: lastResults(read.messages),
    body: parsed,
    bytes: body.length,
    headers: request.headers,
    at: Date.now(),
  };
}

function checkKey(state: State, { format, request, query }: Post): void {
  if (state.apiKey === null) return;
  const key = format.key(request.headers, new URLSearchParams(query));
  if (key !== state.apiKey) throw format.keyRefusal(key);
}

function parseBody(body: Buffer): Json {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    throw invalid('We could not parse the JSON body of your request.');
  }
  if (!isObject(parsed)) throw invalid('We could not parse the JSON body of your request.');
  return parsed;
}

function admit(state: State, format: Format, call: ModelCall): void {
  const limit = state.options.contextTokens ?? Infinity;
  if (state.loading) throw new Refusal(503, 'Loading model');
  if (call.bytes / 4 > limit) throw overflowRefusal({ format, call, contextTokens: limit });
  state.valid += 1;
  if (state.options.bench !== true) state.requests.push(call);
  state.onRequest?.(call);
  state.news.tell();
}

function lastUserText({ messages }: ReadCall): string {
  const person = messages.findLast((turn) => turn.role === 'user');
  return (person?.parts ?? [])
    .map((part) => (part.type === 'text' ? part.text : ''))
    .join('\n')
    .trim();
}

function lastResults(messages: Turn[]): ModelCall['results'] {
  const after = messages.slice(messages.findLastIndex((turn) => turn.role === 'assistant') + 1);
  return after.flatMap((turn) => turn.parts.filter((part) => part.type === 'result'));
}

function playing(state: State, { format, response }: Post, call: ModelCall): Playing {
  return {
    format,
    call,
    response,
    answerNumber: state.valid,
    nextCallId() {
      state.toolCalls += 1;
      return format.callId(state.toolCalls);
    },
    usage: (output, reasoning) => tokenUsage(call, output, reasoning),
    contextTokens: state.options.contextTokens ?? Infinity,
    pieceCharacters: state.pieceCharacters,
    splitBytes: state.splitBytes,
    random: state.random,
  };
}

function tokenUsage(call: ModelCall, output: number, reasoning: number): TokenUsage {
  return { input: Math.ceil(call.bytes / 4), output, cacheRead: 0, cacheWrite: 0, reasoning };
}

function answerGet(
  state: State,
  { path, request, response }: { path: string; request: IncomingMessage; response: ServerResponse },
): void {
  const needsKey = path.startsWith('/v1/') && state.apiKey !== null;
  if (needsKey && !hasKey(request, state.apiKey)) {
    const format = formats[0] as Format;
    return sendRefusal(format, response, format.keyRefusal(undefined));
  }
  const answer = discover(path, {
    kind: state.options.discovery,
    models: state.models,
    contextTokens: state.options.contextTokens ?? DEFAULT_CONTEXT_TOKENS,
    loading: state.loading,
  });
  if (answer === undefined)
    return sendJson(response, 404, JSON.stringify({ error: { message: 'Not Found', type: 'not_found' } }));
  if (answer.type === 'application/json') return sendJson(response, answer.status, JSON.stringify(answer.body));
  response.writeHead(answer.status, { 'content-type': answer.type });
  response.end(String(answer.body));
}

function hasKey(request: IncomingMessage, apiKey: string | null): boolean {
  const given = request.headers['x-api-key'] ?? request.headers.authorization?.replace(/^Bearer\s+/i, '');
  return given === apiKey;
}
