/**
 * The way in: every event of a poll is judged, the whole batch is stored with its cursor, and only then may the platform forget it.
 * Lanes are woken in the same turn of the event loop, so that a message and the beginning of its turn share one commit.
 */
import type { Channel, ReceivedBatch } from '../domain/channel.ts';
import type { InboundEvent } from '../domain/message.ts';
import type { SessionKey } from '../domain/session.ts';
import type { AdmissionSettings, SessionRouting } from '../domain/settings.ts';
import type { AdmittedEvent, Admission, QueuedCommand, ReceiveResult, Store } from '../domain/store.ts';
import { admit } from './admission.ts';
import { isSideCommand } from './command-line.ts';
import { routeOf } from './routing.ts';
import { answerStranger } from './strangers.ts';
import { newTraceId } from './trace.ts';
import type { Wake } from './lanes.ts';

export interface IntakeParts {
  store: Pick<Store, 'inbox' | 'pairings' | 'durable'>;
  admission(channel: string, account: string): AdmissionSettings | undefined;
  routing(): SessionRouting;
  /** The bot's own id on a channel, once known. */
  ownId(channel: string, account: string): string | undefined;
  wake(wake: Wake): void;
  /** Must not reject. */
  runCommand(command: QueuedCommand): Promise<void>;
  /** Answers to strangers stand in the outbox. */
  repliesQueued(count: number): void;
  /** What became of a batch, before it is durable. */
  received(batch: readonly AdmittedEvent[], result: ReceiveResult): void;
  /** The batch is durable. Must not throw. */
  heard(batch: readonly AdmittedEvent[], result: ReceiveResult): void;
}

/** Platforms cut long texts; who sends one is likely to send its rest in a moment. */
const LONG_TEXT = 3_900;
const REST_OF_TEXT_MS = 1_000;

export class Intake {
  private readonly parts: IntakeParts;

  constructor(parts: IntakeParts) {
    this.parts = parts;
  }

  /** For `Channel.run`. Resolves when the batch is on disk; rejects when it is not. */
  async receive(channel: Pick<Channel, 'id' | 'account'>, batch: ReceivedBatch): Promise<void> {
    const events: AdmittedEvent[] = [];
    for (const event of batch.events) events.push({ event, admission: await this.judge(event, channel) });
    await this.take(channel, events, batch.cursor);
  }

  /** Stores what has been judged and sets it going. */
  async take(source: Pick<Channel, 'id' | 'account'>, events: AdmittedEvent[], cursor?: string): Promise<ReceiveResult> {
    const { store } = this.parts;
    const where = { channel: source.id, account: source.account };
    const result = await store.inbox.receive({ ...where, events, ...(cursor === undefined ? {} : { cursor }) });
    for (const { event } of events) if (isAmendment(event)) await this.amend(event, events);
    // A command and a message of one lane: the command first, as /new before what is said anew.
    const commanded = new Set(result.commands.map((command) => command.sessionKey));
    const wakes = this.wakesOf(events, result);
    for (const wake of wakes) if (!commanded.has(wake.key)) this.parts.wake(wake);
    this.parts.received(events, result);
    await store.durable();
    this.parts.heard(events, result);
    const replies = events.filter(({ admission }) => admission.outcome === 'refuse' && admission.reply).length;
    if (replies > 0) this.parts.repliesQueued(replies);
    void this.runCommands(
      result.commands,
      wakes.filter((wake) => commanded.has(wake.key)),
    );
    return result;
  }

  private async judge(event: InboundEvent, channel: Pick<Channel, 'id' | 'account'>): Promise<Admission> {
    const { store, admission, ownId, routing } = this.parts;
    const known = {
      isAllowed: (id: string, account: string, senderId: string) => store.pairings.isAllowed(id, account, senderId),
      ownId: ownId(channel.id, channel.account),
    };
    // An event may only speak for the channel that brought it.
    const own = event.channel === channel.id && event.account === channel.account;
    const verdict = await admit(event, own ? admission(channel.id, channel.account) : undefined, known);
    const address = addressOf(event, routing());
    if (verdict.outcome === 'refuse') return { outcome: 'refuse', reason: verdict.reason, address };
    if (verdict.outcome === 'pair') {
      const { reason, reply } = await answerStranger(event, store.pairings);
      return { outcome: 'refuse', reason, address, ...(reply && { reply }) };
    }
    return admitted(event, routing());
  }

  /** An edit or a deletion reaches a message that still waits, and comes too late for any other. */
  private async amend(event: InboundEvent, events: readonly AdmittedEvent[]): Promise<void> {
    const { admission } = events.find((other) => other.event === event) as AdmittedEvent;
    if (admission.outcome !== 'refuse' || !AMENDMENT_REASONS.has(admission.reason) || event.messageId === undefined) return;
    const change = event.kind === 'deleted' ? { deleted: true as const } : { text: event.text };
    await this.parts.store.inbox.amend(event.channel, event.account, event.chat.id, event.messageId, change);
  }

  private async runCommands(commands: readonly QueuedCommand[], wakes: readonly Wake[]): Promise<void> {
    for (const command of commands) await this.parts.runCommand(command);
    for (const wake of wakes) this.parts.wake(wake);
  }

  private wakesOf(events: readonly AdmittedEvent[], { queued }: ReceiveResult): Wake[] {
    const counts = new Map<SessionKey, number>();
    for (const { sessionKey } of queued) counts.set(sessionKey, (counts.get(sessionKey) ?? 0) + 1);
    if (counts.size === 0) return [];
    const latest = new Map<SessionKey, InboundEvent>();
    for (const { event, admission } of events) if (admission.outcome === 'queue') latest.set(admission.sessionKey, event);
    return [...counts].map(([key, messages]) => {
      const event = latest.get(key) as InboundEvent;
      const patience = event.text.length >= LONG_TEXT ? { patienceMs: REST_OF_TEXT_MS } : {};
      return { key, senderId: event.sender.id, messages, ...patience };
    });
  }
}

/** Why an admitted event starts nothing; it is counted all the same. */
const EDITED = 'edit of a message';
const DELETED = 'deletion of a message';
const AMENDMENT_REASONS: ReadonlySet<string> = new Set([EDITED, DELETED]);

function isAmendment(event: InboundEvent): boolean {
  return event.kind === 'edited' || event.kind === 'deleted';
}

function admitted(event: InboundEvent, routing: SessionRouting): Admission {
  const { address, agentId, sessionKey } = routeOf(event, routing);
  switch (event.kind) {
    case 'message':
    case 'callback': {
      if (event.text.trim() === '' && event.attachments.length === 0)
        return { outcome: 'refuse', reason: 'nothing to answer', address };
      const outcome = isSideCommand(event.text) ? 'command' : 'queue';
      return { outcome, sessionKey, agentId, address, text: event.text, traceId: newTraceId() };
    }
    case 'edited':
      return { outcome: 'refuse', reason: EDITED, address };
    case 'deleted':
      return { outcome: 'refuse', reason: DELETED, address };
    case 'reaction':
      return { outcome: 'refuse', reason: 'reaction', address };
    case 'membership':
      return { outcome: 'refuse', reason: 'membership change', address };
    default:
      return { outcome: 'refuse', reason: 'unknown kind of event', address };
  }
}

/** Where an answer would go, also of an event so odd that it has no route. */
function addressOf(event: InboundEvent, routing: SessionRouting): Admission['address'] {
  try {
    return routeOf(event, routing).address;
  } catch {
    return { channel: event.channel, account: event.account, chatId: '' };
  }
}
