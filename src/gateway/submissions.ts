/**
 * Messages that do not come from a platform: over the local API, from a schedule. They take the same way through the inbox and a lane;
 * their provenance is written on them, so that nobody takes them for a person's. Who submitted one can wait for its answer.
 */
import type { TurnObserver } from '../agent/parts.ts';
import type { Address } from '../domain/message.ts';
import type { SessionKey, Turn } from '../domain/session.ts';
import type { AdmittedEvent } from '../domain/store.ts';
import { isSideCommand } from './command-line.ts';
import { LOCAL_ACCOUNT, LOCAL_CHANNEL } from './local.ts';
import { newTraceId } from './trace.ts';
import type { EndedTurn } from './turns.ts';

export interface Submission {
  sessionKey: SessionKey;
  agentId: string;
  text: string;
  /** Where it comes from, as the model is told, e.g. `openclaw agent` or `schedule daily`. */
  origin: string;
  /** Who is responsible for it; counted for usage. */
  senderId: string;
  /** Where the answer goes beside the caller; default: nowhere. */
  to?: Address;
  /** Of the turn that takes the message up. */
  observer?: TurnObserver;
  nowMs: number;
}

export type SubmissionEnd = EndedTurn & { traceId: string };

interface Waiting {
  sessionKey: SessionKey;
  observer: TurnObserver | undefined;
  resolve(end: SubmissionEnd): void;
}

export class Submissions {
  private readonly waiting = new Map<string, Waiting>();
  private readonly observers = new Map<SessionKey, Set<TurnObserver>>();

  /** The event as the inbox takes it, and its end. Whoever may call this was identified before. */
  open(submission: Submission): { admitted: AdmittedEvent; end: Promise<SubmissionEnd> } {
    const { sessionKey, agentId, text, origin, senderId, nowMs } = submission;
    const traceId = newTraceId();
    const source = { channel: LOCAL_CHANNEL, account: LOCAL_ACCOUNT };
    const address = submission.to ?? { ...source, chatId: traceId };
    const event: AdmittedEvent['event'] = {
      ...source,
      eventId: traceId,
      kind: 'message',
      chat: { id: traceId, kind: 'direct' },
      sender: { id: senderId, isBot: false },
      text,
      attachments: [],
      addressed: true,
      sentAtMs: nowMs,
    };
    const common = { sessionKey, agentId, address, text, traceId };
    const admission: AdmittedEvent['admission'] = isSideCommand(text)
      ? { outcome: 'command', ...common }
      : { outcome: 'queue', ...common, origin };
    const { observer } = submission;
    const end = new Promise<SubmissionEnd>((resolve) => this.waiting.set(traceId, { sessionKey, observer, resolve }));
    return { admitted: { event, admission }, end };
  }

  /** Listens to all turns of a session until the returned function is called. */
  observe(sessionKey: SessionKey, observer: TurnObserver): () => void {
    const all = this.observers.get(sessionKey) ?? new Set();
    this.observers.set(sessionKey, all);
    all.add(observer);
    return () => {
      all.delete(observer);
      if (all.size === 0) this.observers.delete(sessionKey);
    };
  }

  /** Who watches the session, and who submitted a message of this turn: not who waits for a later one. */
  observersOf(turn: Turn): readonly TurnObserver[] {
    if (this.waiting.size === 0 && this.observers.size === 0) return NOBODY;
    const own = turn.messages.map(({ traceId }) => this.waiting.get(traceId)?.observer);
    return [...(this.observers.get(turn.sessionKey) ?? NOBODY), ...own.filter((one) => one !== undefined)];
  }

  turnEnded(turn: Turn, end: EndedTurn): void {
    if (this.waiting.size === 0) return;
    for (const { traceId } of turn.messages) this.resolve(traceId, end);
  }

  commandEnded(traceId: string, text: string): void {
    this.resolve(traceId, { state: 'done', text, replies: 1 });
  }

  /** What waited in a lane was dropped; its running turn ends by itself. */
  dropped(sessionKey: SessionKey, running: Turn | undefined): void {
    const kept = new Set(running?.messages.map((message) => message.traceId));
    for (const [traceId, { sessionKey: of }] of this.waiting)
      if (of === sessionKey && !kept.has(traceId)) this.resolve(traceId, DROPPED);
  }

  /** The gateway stops: what has not ended goes on after the next start, and nobody waits for it here. */
  close(): void {
    for (const traceId of this.waiting.keys()) this.resolve(traceId, LEFT);
  }

  private resolve(traceId: string, end: EndedTurn): void {
    this.waiting.get(traceId)?.resolve({ ...end, traceId });
    this.waiting.delete(traceId);
  }
}

const DROPPED: EndedTurn = { state: 'stopped', reason: 'dropped', text: '', replies: 0 };
const LEFT: EndedTurn = { state: 'stopped', reason: 'the gateway stopped', text: '', replies: 0 };
const NOBODY: readonly TurnObserver[] = [];
