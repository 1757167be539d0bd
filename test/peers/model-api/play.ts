/**
 * Owns the playing of a script's steps into one HTTP response, streamed or whole, with everything that can go wrong
 * on the way. Must never know a vendor's wire format.
 */
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { pieces } from '../wire/random.ts';
import type { Format, StreamWriter } from './format.ts';
import { Refusal } from './refusal.ts';
import type { CallStep, Ending, ErrorStep, ModelCall, Step, Steps, TokenUsage } from './types.ts';

export interface Playing {
  format: Format;
  call: ModelCall;
  response: ServerResponse;
  answerNumber: number;
  nextCallId(): string;
  /** The call with this id came after reasoning. */
  reasoned(callId: string): void;
  /** The connection is about to be ended by this peer, not by the client. */
  cut(): void;
  usage(output: number, reasoning: number): TokenUsage;
  contextTokens: number;
  /** Text and arguments go out in pieces of 1 to this many characters. */
  pieceCharacters: number;
  /** Bytes go out in pieces of 1 to this many, each written alone; Infinity writes as much as there is. */
  splitBytes: number;
  random: () => number;
}

interface Progress {
  text: string;
  reasoning: string;
  calls: { id: string; name: string; json: string }[];
  ending: Ending | undefined;
  usage: Partial<TokenUsage>;
}

/** Plays the whole answer; ends early when the client goes away. A silent script leaves the response open. */
export async function play(playing: Playing, steps: Steps): Promise<void> {
  const progress: Progress = { text: '', reasoning: '', calls: [], ending: undefined, usage: {} };
  const output = playing.call.stream ? createStreamOutput(playing, progress) : createWholeOutput(playing);
  const player: Player = { playing, output, progress };
  const over = Symbol.asyncIterator in steps ? await playLater(player, steps) : await playNow(player, steps);
  if (!over) await output.end(endingOf(progress), usageOf(playing, progress));
}

interface Player {
  playing: Playing;
  output: Output;
  progress: Progress;
}

async function playNow(player: Player, steps: Iterable<Step>): Promise<boolean> {
  for (const step of steps) {
    const over = perform(player, step);
    if (over instanceof Promise ? await over : over) return true;
  }
  return player.playing.response.destroyed;
}

async function playLater(player: Player, steps: AsyncIterable<Step>): Promise<boolean> {
  for await (const step of steps) {
    if (player.playing.response.destroyed || (await perform(player, step))) return true;
    // The script may take its time before it goes on.
    await player.output.flush();
  }
  return player.playing.response.destroyed;
}

/** True when the answer is over. Not async: most steps are done at once, and thousands of them pass here a second. */
function perform(player: Player, step: Step): Promise<boolean> | boolean {
  if ('text' in step) return said(player, 'text', step.text);
  if ('reasoning' in step) return said(player, 'reasoning', step.reasoning);
  if ('call' in step) return called(player, step);
  if ('usage' in step) Object.assign(player.progress.usage, step.usage);
  else if ('ending' in step) player.progress.ending = step.ending;
  else if ('waitMs' in step) return waited(player, step.waitMs);
  else return misbehave(player, step);
  return false;
}

async function waited({ playing, output }: Player, ms: number): Promise<boolean> {
  await output.flush();
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  playing.response.once('close', leave);
  await sleep(ms, undefined, { signal: gone.signal }).catch(() => undefined);
  playing.response.off('close', leave);
  return playing.response.destroyed;
}

type Misbehaviour = Exclude<
  Step,
  { text: string } | { reasoning: string } | { call: string } | { usage: unknown } | { ending: unknown } | { waitMs: number }
>;

async function misbehave(player: Player, step: Misbehaviour): Promise<boolean> {
  const { playing, output } = player;
  if ('ping' in step || 'garbage' in step) {
    if ('ping' in step) output.ping();
    else output.raw(step.garbage);
    return false;
  }
  await output.flush();
  if ('status' in step) await fail(player, step);
  else if ('overflow' in step) await output.refuse(overflowRefusal(playing));
  else if ('truncate' in step) truncate(playing);
  else if ('reset' in step) await reset(playing);
  return true;
}

/** Long enough for what was sent to be read: a reset throws away what the client's system still holds. */
const RESET_AFTER_MS = 20;

async function reset({ response, cut }: Playing): Promise<void> {
  if (response.headersSent) await sleep(RESET_AFTER_MS);
  cut();
  response.socket?.resetAndDestroy();
}

/** Streams end as if they were whole. An answer with a known length cannot; there the connection ends. */
function truncate({ call, response, cut }: Playing): void {
  if (call.stream) return void response.end();
  cut();
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
  response.write('{"id":', () => response.socket?.destroy());
}

async function fail({ playing, output }: Player, step: ErrorStep): Promise<void> {
  const { response } = playing;
  if (step.body !== undefined && !response.headersSent) {
    response.writeHead(step.status, { ...step.headers, 'content-type': 'text/html' });
    return void response.end(step.body);
  }
  const { retryAfterSeconds, headers = {} } = step;
  const detail = retryAfterSeconds === undefined ? { headers } : { headers, retryAfterSeconds };
  await output.refuse(new Refusal(step.status, step.message ?? CUSTOMARY[step.status] ?? 'Something went wrong.', detail));
}

const CUSTOMARY: Record<number, string> = {
  429: 'Rate limit reached for requests.',
  500: 'The server had an error while processing your request.',
  503: 'The model is overloaded. Please try again later.',
  529: 'Overloaded',
};

export function overflowRefusal(playing: Pick<Playing, 'format' | 'call' | 'contextTokens'>): Refusal {
  const limit = Number.isFinite(playing.contextTokens) ? playing.contextTokens : 128_000;
  return playing.format.overflow(Math.max(limit + 1, Math.ceil(playing.call.bytes / 4)), limit);
}

function said({ progress, output }: Player, kind: 'text' | 'reasoning', whole: string): boolean {
  progress[kind] += whole;
  output.said(kind, whole);
  return false;
}

function called({ playing, progress, output }: Player, step: CallStep): boolean {
  const id = step.id ?? playing.nextCallId();
  const made = { id, name: step.call, json: step.rawInput ?? JSON.stringify(step.input ?? {}) };
  progress.calls.push(made);
  if (progress.reasoning !== '') playing.reasoned(id);
  output.called(made);
  return false;
}

function endingOf({ ending, calls }: Progress): Ending {
  return ending ?? (calls.length > 0 ? 'calls' : 'stop');
}

function usageOf(playing: Playing, progress: Progress): TokenUsage {
  const characters = progress.text.length + progress.calls.reduce((sum, call) => sum + call.json.length + call.name.length, 0);
  const reasoning = Math.ceil(progress.reasoning.length / 4);
  return { ...playing.usage(Math.ceil(characters / 4) + reasoning, reasoning), ...progress.usage };
}

/** Where an answer goes: a stream of events, or one body at the end. */
interface Output {
  said(kind: 'text' | 'reasoning', whole: string): void;
  called(call: { id: string; name: string; json: string }): void;
  ping(): void;
  raw(bytes: string): void;
  flush(): Promise<void>;
  refuse(refusal: Refusal): Promise<void>;
  end(ending: Ending, usage: TokenUsage): Promise<void>;
}

function createWholeOutput(playing: Playing): Output {
  const { format, call, response } = playing;
  const answer = { text: '', reasoning: '', calls: [] as Progress['calls'] };
  let garbage = '';
  return {
    said(kind, whole) {
      answer[kind] += whole;
    },
    called: (made) => void answer.calls.push(made),
    ping: () => undefined,
    raw(bytes) {
      garbage += bytes;
    },
    flush: () => Promise.resolve(),
    async refuse(refusal) {
      sendRefusal(format, response, refusal);
    },
    async end(ending, usage) {
      const body = JSON.stringify(format.whole(call, { ...answer, ending, usage }, playing.answerNumber));
      sendJson(response, 200, garbage + body);
    },
  };
}

function createStreamOutput(playing: Playing, progress: Progress): Output {
  const { format, call, response } = playing;
  const writer = format.writer(call, playing.answerNumber);
  let waiting = '';
  let begun = false;
  // The first event is written with the first word, for a vendor's own numbering; headers wait until something is sent.
  const begin = (): void => {
    if (!begun) waiting += writer.begin(usageOf(playing, progress));
    begun = true;
  };
  const sendHeaders = (): void => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': format.contentType, 'cache-control': 'no-cache' });
  };
  const flush = async (): Promise<void> => {
    sendHeaders();
    const text = waiting;
    waiting = '';
    if (text !== '' && !response.destroyed) await writeBytes(playing, text);
  };
  return {
    said(kind, whole) {
      begin();
      for (const piece of cut(playing, whole)) waiting += writer[kind](piece);
    },
    called(made) {
      begin();
      waiting += writer.call(made, cut(playing, made.json));
    },
    ping() {
      begin();
      waiting += writer.ping();
    },
    raw(bytes) {
      waiting += bytes;
    },
    // Before the first event nothing is flushed: an error can still be an HTTP status.
    flush: () => (waiting === '' ? Promise.resolve() : flush()),
    refuse: (refusal) => refuseStream({ playing, writer, refusal }),
    async end(ending, usage) {
      begin();
      waiting += writer.end(ending, usage);
      sendHeaders();
      if (Number.isFinite(playing.splitBytes)) {
        await flush();
        response.end();
      } else response.end(waiting);
    },
  };
}

async function refuseStream({
  playing,
  writer,
  refusal,
}: {
  playing: Playing;
  writer: StreamWriter;
  refusal: Refusal;
}): Promise<void> {
  if (!playing.response.headersSent) return sendRefusal(playing.format, playing.response, refusal);
  await writeBytes(playing, writer.error(refusal));
  playing.response.end();
}

/** By characters, never through the middle of one; the bytes are cut elsewhere. */
function cut({ pieceCharacters, random }: Playing, whole: string): string[] {
  if (whole.length <= pieceCharacters) return whole === '' ? [] : [whole];
  const characters = [...whole];
  let at = 0;
  return pieces(characters.length, pieceCharacters, random).map((size) => {
    at += size;
    return characters.slice(at - size, at).join('');
  });
}

async function writeBytes({ response, splitBytes, random }: Playing, text: string): Promise<void> {
  if (!Number.isFinite(splitBytes)) {
    response.write(text);
    return;
  }
  const bytes = Buffer.from(text);
  let at = 0;
  for (const size of pieces(bytes.length, splitBytes, random)) {
    if (response.destroyed) return;
    // Waiting for each write keeps the pieces apart on the socket.
    await new Promise<void>((resolve) => response.write(bytes.subarray(at, at + size), () => setImmediate(resolve)));
    at += size;
  }
}

export function sendRefusal(format: Format, response: ServerResponse, refusal: Refusal): void {
  const { body, headers } = format.error(refusal);
  sendJson(response, refusal.status, JSON.stringify(body), { ...headers, ...refusal.detail.headers });
}

export function sendJson(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
