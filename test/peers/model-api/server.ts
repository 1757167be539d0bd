/**
 * Owns the wire of the model peer: routes, keys, admission of a call, and the record of what came.
 * Must never know a vendor's format or decide an answer.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ClientGone, isObject, readBody, type Json } from '../wire/body.ts';
import type { News } from '../wire/until.ts';
import type { PromptCache } from './cache.ts';
import { discover, type Discovery } from './discovery.ts';
import type { Format, Memory, ReadCall, Route } from './format.ts';
import { formats } from './formats.ts';
import { overflowRefusal, play, sendJson, sendRefusal, type Playing } from './play.ts';
import { invalid, Refusal } from './refusal.ts';
import type { ModelCall, Script, Step, TokenUsage, Turn } from './types.ts';

export interface State {
  readonly bench: boolean;
  /** null: none is asked for. */
  readonly apiKey: string | null;
  readonly models: readonly string[];
  readonly discovery: Discovery | undefined;
  /** Infinity: prompts are never too long. */
  readonly contextTokens: number;
  readonly requests: ModelCall[];
  readonly refusals: { path: string; status: number; message: string }[];
  readonly failures: unknown[];
  /** Answers that come before the script's. */
  readonly queued: Step[][];
  readonly news: News;
  readonly memory: Memory;
  readonly cache: PromptCache;
  script: Script;
  pieceCharacters: number;
  splitBytes: number;
  random: () => number;
  /** Calls that came, and those of them that were valid. */
  count: number;
  valid: number;
  toolCalls: number;
  inFlight: number;
  highestInFlight: number;
  /** Calls that the client gave up before the answer's end. */
  abandoned: number;
  loading: boolean;
  onRequest: ((call: ModelCall) => void) | undefined;
}

export function createHandler(state: State): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    handle(state, request, response).catch((error: unknown) => {
      // A client that goes away is its right; anything else is a bug of this peer or of a script, and has to be seen.
      if (!(error instanceof ClientGone)) state.failures.push(error);
      response.destroy();
    });
  };
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  if (request.method === 'GET' || request.method === 'HEAD') return answerGet(state, { path, query, request, response });
  const target = routeOf(path);
  if (target === undefined) return sendNotFound(response, `Invalid URL (${request.method ?? ''} ${path})`);
  const post: Post = { ...target, path, query, request, response, body: await readBody(request), cut: false };
  count(state, post);
  const call = admit(state, post);
  if (call === undefined) return;
  const steps = state.queued.shift() ?? (await state.script(call));
  await play(playing(state, post, call), steps);
}

function sendNotFound(response: ServerResponse, message: string): void {
  const error = { message, type: 'invalid_request_error', param: null, code: null };
  sendJson(response, 404, JSON.stringify({ error }));
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
  /** This peer ended the connection itself, as a script asked. */
  cut: boolean;
}

function count(state: State, post: Post): void {
  state.count += 1;
  state.inFlight += 1;
  state.highestInFlight = Math.max(state.highestInFlight, state.inFlight);
  post.response.on('close', () => {
    state.inFlight -= 1;
    if (!post.response.writableFinished && !post.cut) state.abandoned += 1;
    state.news.tell();
  });
}

/** The valid call, recorded; or undefined, and the vendor's refusal is sent. */
function admit(state: State, post: Post): ModelCall | undefined {
  try {
    const call = readCall(state, post);
    if (state.loading) throw new Refusal(503, 'Loading model');
    if (call.bytes / 4 > state.contextTokens) throw overflowRefusal({ ...post, call, contextTokens: state.contextTokens });
    state.valid += 1;
    if (!state.bench) state.requests.push(call);
    state.onRequest?.(call);
    state.news.tell();
    return call;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    state.refusals.push({ path: post.path, status: error.status, message: error.message });
    sendRefusal(post.format, post.response, error);
    return undefined;
  }
}

function readCall(state: State, { format, route, request, query, body }: Post): ModelCall {
  checkKey(state, format, { request, query });
  format.checkHeaders?.(request.headers);
  const parsed = parseBody(body);
  const read = format.read(parsed, route, state.memory);
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

function checkKey(state: State, format: Format, { request, query }: { request: IncomingMessage; query: string }): void {
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

function lastUserText({ messages }: ReadCall): string {
  const person = messages.findLast((turn) => turn.role === 'user');
  const texts = (person?.parts ?? []).map((part) => (part.type === 'text' ? part.text : ''));
  return texts.join('\n').trim();
}

function lastResults(messages: Turn[]): ModelCall['results'] {
  const after = messages.slice(messages.findLastIndex((turn) => turn.role === 'assistant') + 1);
  return after.flatMap((turn) => turn.parts.filter((part) => part.type === 'result'));
}

function playing(state: State, post: Post, call: ModelCall): Playing {
  const input = inputUsage(state, call);
  return {
    format: post.format,
    call,
    response: post.response,
    answerNumber: state.valid,
    nextCallId() {
      state.toolCalls += 1;
      return post.format.callId(state.toolCalls);
    },
    reasoned: (callId) => void state.memory.reasoned.add(callId),
    cut() {
      post.cut = true;
    },
    usage: (output, reasoning) => ({ ...input, output, reasoning }),
    contextTokens: state.contextTokens,
    pieceCharacters: state.pieceCharacters,
    splitBytes: state.splitBytes,
    random: state.random,
  };
}

/** What the call costs before the first word. In bench mode nothing is cached. */
function inputUsage(state: State, call: ModelCall): Pick<TokenUsage, 'input' | 'cacheRead' | 'cacheWrite'> {
  const cached = state.bench ? { read: 0, written: 0 } : state.cache.use(call);
  const input = Math.max(Math.ceil(call.bytes / 4), cached.read + cached.written);
  return { input, cacheRead: cached.read, cacheWrite: cached.written };
}

interface Get {
  path: string;
  query: string;
  request: IncomingMessage;
  response: ServerResponse;
}

function answerGet(state: State, { path, query, request, response }: Get): void {
  const format = formatOfList(path, request);
  try {
    if (format !== undefined) checkKey(state, format, { request, query });
  } catch (error) {
    if (format === undefined || !(error instanceof Refusal)) throw error;
    return sendRefusal(format, response, error);
  }
  const contextTokens = Number.isFinite(state.contextTokens) ? state.contextTokens : DEFAULT_CONTEXT_TOKENS;
  const { models, discovery: kind, loading } = state;
  const answer = discover(path, { kind, models, contextTokens, loading, format: format?.name });
  if (answer === undefined) return sendNotFound(response, 'Not Found');
  if (answer.type === 'application/json') return sendJson(response, answer.status, JSON.stringify(answer.body));
  response.writeHead(answer.status, { 'content-type': answer.type });
  response.end(String(answer.body));
}

const DEFAULT_CONTEXT_TOKENS = 128_000;

/** Lists of models ask for the vendor's key; what a server at home tells about itself does not. */
function formatOfList(path: string, request: IncomingMessage): Format | undefined {
  if (path.startsWith('/v1beta/models')) return formats.find((format) => format.name === 'google');
  if (!path.startsWith('/v1/models')) return undefined;
  const name = request.headers['anthropic-version'] === undefined ? 'openai-chat' : 'anthropic';
  return formats.find((format) => format.name === name);
}
