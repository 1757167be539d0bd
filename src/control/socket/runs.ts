/**
 * The runs that clients began over the WebSocket: each has an id of the client's choice, is told as `agent` and `chat` events,
 * and can be waited for and stopped. A run goes on when its client goes away.
 */
import { AppError } from '../../domain/errors.ts';
import type { Clock } from '../../domain/clock.ts';
import { redact } from '../../domain/redaction.ts';
import type { SessionKey } from '../../domain/session.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { SubmissionEnd } from '../../gateway/submissions.ts';
import { runMessage, type RunRequest } from '../run.ts';
import { StreamedText } from '../streamed-text.ts';

/** A repeated id gets the same run this long after its end. */
const KEPT_MS = 300_000;
const MOST_RUNS = 1_000;
const CHAT_DELTA_MS = 150;
const TOOL_RESULT_CHARS = 2_000;

export interface RunsParts {
  gateway: Gateway;
  clock: Clock;
  /** To every client that may read. */
  broadcast(event: string, payload: unknown): void;
}

export interface ClientRun {
  runId: string;
  sessionKey: SessionKey;
  startedAtMs: number;
  endedAtMs?: number;
  /** Never rejects. */
  end: Promise<RunEnd>;
  stop: AbortController;
}

export interface RunEnd {
  state: 'final' | 'aborted' | 'error';
  text: string;
  error?: string;
  spent?: SubmissionEnd['spent'];
}

export type RunOrder = Omit<RunRequest, 'signal' | 'observer'> & { runId: string };

export class Runs {
  private readonly parts: RunsParts;
  private readonly runs = new Map<string, ClientRun>();

  constructor(parts: RunsParts) {
    this.parts = parts;
  }

  get(runId: string): ClientRun | undefined {
    return this.runs.get(runId);
  }

  /** A known id begins nothing: the same run comes back. AppError `limit` when too many run. */
  begin(order: RunOrder): ClientRun {
    const known = this.runs.get(order.runId);
    if (known) return known;
    this.forgetOld();
    if (this.runs.size >= MOST_RUNS) throw new AppError('limit', 'Too many runs are under way.');
    const { runId, sessionKey } = order;
    const stop = new AbortController();
    const run: ClientRun = { runId, sessionKey, startedAtMs: this.parts.clock.now(), stop, end: this.follow(order, stop.signal) };
    this.runs.set(runId, run);
    void run.end.then(() => (run.endedAtMs = this.parts.clock.now()));
    return run;
  }

  /** The ids of the runs that were under way. */
  abort(sessionKey: SessionKey, runId?: string): string[] {
    const own = [...this.runs.values()].filter((run) => run.sessionKey === sessionKey && run.endedAtMs === undefined);
    const meant = own.filter((run) => runId === undefined || run.runId === runId);
    for (const { stop } of meant) stop.abort();
    return meant.map((run) => run.runId);
  }

  private async follow({ runId, ...order }: RunOrder, signal: AbortSignal): Promise<RunEnd> {
    const story = new RunStory(runId, order.sessionKey, this.parts);
    try {
      const end = endOf(await runMessage(this.parts.gateway, { ...order, signal, observer: story.observer }), signal);
      story.ended(end);
      return end;
    } catch (error) {
      const message = error instanceof AppError ? redact(error.message) : 'internal error; the gateway log has its details';
      const end: RunEnd = { state: 'error', text: '', error: message };
      story.ended(end);
      return end;
    }
  }

  private forgetOld(): void {
    const now = this.parts.clock.now();
    for (const [id, { endedAtMs }] of this.runs) {
      if (endedAtMs === undefined) continue;
      if (now - endedAtMs > KEPT_MS || this.runs.size >= MOST_RUNS) this.runs.delete(id);
    }
  }
}

function endOf({ state, text, reason, spent }: SubmissionEnd, signal: AbortSignal): RunEnd {
  const rest = { text, ...(spent && { spent }) };
  if (signal.aborted || (state === 'stopped' && reason === 'stopped')) return { state: 'aborted', ...rest };
  if (state === 'done' || (state === 'stopped' && text !== '')) return { state: 'final', ...rest };
  return { state: 'error', ...rest, error: text === '' ? (reason ?? state) : text };
}

/** What happens in one run, as events. */
class RunStory {
  readonly observer: RunRequest['observer'] & object;
  private readonly text = new StreamedText(() => this.say(this.text.take()));
  private readonly runId: string;
  private readonly sessionKey: SessionKey;
  private readonly parts: RunsParts;
  private said = '';
  private agentSeq = 0;
  private chatSeq = 0;
  private chatAtMs = -CHAT_DELTA_MS;

  constructor(runId: string, sessionKey: SessionKey, parts: RunsParts) {
    this.runId = runId;
    this.sessionKey = sessionKey;
    this.parts = parts;
    const words = this.text.observer;
    this.observer = {
      ...words,
      started: () => this.agent('lifecycle', { phase: 'start', startedAt: parts.clock.now() }),
      toolStarted: (call) => {
        words.toolStarted?.(call);
        this.agent('tool', { phase: 'start', name: call.name, toolCallId: call.callId });
      },
      toolEnded: ({ callId, name }, { text, isError }) => {
        const shown = redact(text).slice(0, TOOL_RESULT_CHARS).toWellFormed();
        this.agent('tool', {
          phase: 'result',
          name,
          toolCallId: callId,
          isError,
          result: { content: [{ type: 'text', text: shown }] },
        });
      },
    };
  }

  ended(end: RunEnd): void {
    if (end.state === 'final') this.say(this.text.end(end.text));
    const { error } = end;
    const endedAt = this.parts.clock.now();
    this.agent('lifecycle', error === undefined ? { phase: 'end', endedAt } : { phase: 'error', endedAt, error });
    const message = end.text === '' ? {} : { message: this.message(end.text) };
    this.chat({ state: end.state, ...message, ...(error === undefined ? {} : { errorMessage: error }) });
  }

  private say(delta: string): void {
    if (delta === '') return;
    this.said += delta;
    // Not the whole so far with each piece: that would cost the square of an answer's length, for every client that watches.
    this.agent('assistant', { delta });
    const now = this.parts.clock.monotonic();
    if (now - this.chatAtMs < CHAT_DELTA_MS) return;
    this.chatAtMs = now;
    this.chat({ state: 'delta', message: this.message(this.said) });
  }

  private message(text: string): object {
    return { role: 'assistant', content: [{ type: 'text', text }], timestamp: this.parts.clock.now() };
  }

  private agent(stream: string, data: object): void {
    const { runId, sessionKey } = this;
    this.parts.broadcast('agent', { runId, sessionKey, seq: (this.agentSeq += 1), stream, ts: this.parts.clock.now(), data });
  }

  private chat(rest: object): void {
    this.parts.broadcast('chat', { runId: this.runId, sessionKey: this.sessionKey, seq: (this.chatSeq += 1), ...rest });
  }
}
