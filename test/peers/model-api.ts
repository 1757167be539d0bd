/**
 * Owns the fake model vendors as a test sees them: one server on a real socket that speaks the vendors' wire formats,
 * and a script that decides what the model says. Needs nothing of the product.
 */
import { createPromptCache } from './model-api/cache.ts';
import type { Discovery } from './model-api/discovery.ts';
import { createEcho } from './model-api/echo.ts';
import { createHandler, type State } from './model-api/server.ts';
import type { ModelCall, Script, Step } from './model-api/types.ts';
import { listen } from './wire/listen.ts';
import { createRandom } from './wire/random.ts';
import { createNews } from './wire/until.ts';

export type { Discovery } from './model-api/discovery.ts';
export type { ModelCall, Part, Script, Step, Steps, TokenUsage, ToolSchema, Turn } from './model-api/types.ts';

export interface Split {
  /** Text and tool arguments are streamed in pieces of 1 to this many characters; 16 unless told. */
  pieceCharacters?: number;
  /** Streams are cut into writes of 1 to this many bytes, anywhere, also inside a character. */
  splitBytes?: number;
  /** For the cuts. */
  seed?: number;
}

export interface ModelApiOptions extends Split {
  /** 0, the default, picks a free port. */
  port?: number;
  /** The key that every format asks for; null asks for none, as servers on loopback do. */
  apiKey?: string | null;
  models?: string[];
  script?: Script;
  /** A prompt above this many tokens (4 bytes each) is refused in the vendor's own words. */
  contextTokens?: number;
  /** Also play one of the servers that people run at home. */
  discovery?: Discovery;
  /** Keep counts only: no record of requests, no prompt cache, no cutting into pieces. */
  bench?: boolean;
}

export interface ModelApi {
  /** http://127.0.0.1:PORT; OpenAI's and Anthropic's base URL is this and /v1, Google's this and /v1beta. */
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
  /** Calls that the client gave up before the answer's end. */
  abandoned(): number;
  /** Decides the answers from now on; without a function the echo comes back. */
  script(script?: Script): void;
  /** The next answers, before the script is asked; one list of steps a call. */
  answerNext(...answers: Step[][]): void;
  /** Resolves when there were `n` valid calls; rejects after `timeoutMs` (10,000). */
  waitForRequests(n: number, timeoutMs?: number): Promise<void>;
  /** Looks again after each call that comes or ends, until `holds`; rejects after `timeoutMs` (10,000). */
  until(holds: () => boolean, timeoutMs?: number): Promise<void>;
  /** Called for each valid call, also in bench mode. */
  onRequest(listener: (call: ModelCall) => void): void;
  /** Changes how streams are cut. */
  split(options: Split): void;
  /** Calls are refused with 503 while true, as by a server that still loads its model. */
  setLoading(loading: boolean): void;
  /** Existing connections are reset and new ones refused, until `up`. */
  network(state: 'up' | 'refused'): Promise<void>;
  /** Bugs of this peer or of a test's script. */
  readonly failures: readonly unknown[];
}

const DEFAULT_KEY = 'sk-peer-0123456789abcdef';
const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_PIECE_CHARACTERS = 16;

/** Starts the peer. Rejects when the port is taken. */
export async function createModelApi(options: ModelApiOptions = {}): Promise<ModelApi> {
  const state = createState(options);
  const listener = await listen(options.port ?? 0, createHandler(state));
  const requestCount = (n: number): string => `request ${n} to the model; there are ${state.valid}`;
  return {
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    apiKey: state.apiKey ?? '',
    close: () => listener.close(),
    requests: state.requests,
    count: () => state.count,
    refusals: state.refusals,
    inFlight: () => state.inFlight,
    highestInFlight: () => state.highestInFlight,
    abandoned: () => state.abandoned,
    script(script = createEcho()) {
      state.script = script;
    },
    answerNext: (...answers) => void state.queued.push(...answers),
    waitForRequests: (n, timeoutMs = DEFAULT_TIMEOUT_MS) =>
      state.news.until(
        () => state.valid >= n,
        () => requestCount(n),
        timeoutMs,
      ),
    until: (holds, timeoutMs = DEFAULT_TIMEOUT_MS) => state.news.until(holds, () => 'the condition of the test', timeoutMs),
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
  const bench = options.bench ?? false;
  const state: State = {
    bench,
    apiKey: options.apiKey === undefined ? DEFAULT_KEY : options.apiKey,
    models: options.models ?? ['peer-1', 'peer-mini'],
    discovery: options.discovery,
    contextTokens: options.contextTokens ?? Infinity,
    requests: [],
    refusals: [],
    failures: [],
    queued: [],
    news: createNews(),
    memory: { reasoned: new Set() },
    cache: createPromptCache(),
    script: options.script ?? createEcho(),
    pieceCharacters: bench ? Infinity : DEFAULT_PIECE_CHARACTERS,
    splitBytes: Infinity,
    random: createRandom(1),
    count: 0,
    valid: 0,
    toolCalls: 0,
    inFlight: 0,
    highestInFlight: 0,
    abandoned: 0,
    loading: false,
    onRequest: undefined,
  };
  applySplit(state, options);
  return state;
}

function applySplit(state: State, wanted: Split): void {
  state.pieceCharacters = wanted.pieceCharacters ?? state.pieceCharacters;
  state.splitBytes = wanted.splitBytes ?? state.splitBytes;
  if (wanted.seed !== undefined) state.random = createRandom(wanted.seed);
}
