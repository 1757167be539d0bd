/**
 * Tells a channel when everything that an event caused is over, for channels that hand in one event after the other.
 * For all other channels nothing is kept. After a restart nothing is owed: only events that this process received count.
 */
import type { Channel } from '../domain/channel.ts';
import type { SessionKey, Turn } from '../domain/session.ts';
import type { AdmittedEvent, Delivery, ReceiveResult } from '../domain/store.ts';

interface Open {
  channel: Channel;
  eventIds: string[];
  /** Deliveries that have not reached their end. */
  left: number;
}

export class Settlements {
  private readonly channelOf: (id: string, account: string) => Channel | undefined;
  /** By trace id: events whose message waits, runs or is a command under way. */
  private readonly waiting = new Map<string, { channel: Channel; eventId: string; sessionKey: SessionKey }>();
  /** By turn id, or a command's trace id: replies on their way. */
  private readonly replying = new Map<string, Open>();

  constructor(channelOf: (id: string, account: string) => Channel | undefined) {
    this.channelOf = channelOf;
  }

  /** Repeats and refusals are over at once. */
  received(batch: readonly AdmittedEvent[], result: ReceiveResult): void {
    const first = batch[0]?.event;
    const channel = first && this.channelOf(first.channel, first.account);
    if (!channel?.settled) return;
    for (const { event, admission } of batch) {
      // Which of a batch were repeats is not told. Telling twice is allowed, so a batch with repeats counts as over.
      if (admission.outcome === 'refuse' || result.repeats > 0) channel.settled(event.eventId);
      else this.waiting.set(admission.traceId, { channel, eventId: event.eventId, sessionKey: admission.sessionKey });
    }
  }

  /** A turn has ended with so many replies. */
  turnEnded(turn: Turn, replies: number): void {
    this.ended(
      turn.id,
      turn.messages.map((message) => message.traceId),
      replies,
    );
  }

  commandEnded(traceId: string, replies: number): void {
    this.ended(traceId, [traceId], replies);
  }

  deliveryEnded(delivery: Delivery): void {
    if (this.replying.size === 0) return;
    const key = delivery.turnId ?? delivery.traceId ?? '';
    const open = this.replying.get(key);
    if (!open) return;
    open.left -= 1;
    if (open.left > 0) return;
    this.replying.delete(key);
    for (const eventId of open.eventIds) open.channel.settled?.(eventId);
  }

  /** What waited in a lane was dropped; its running turn ends by itself. */
  dropped(sessionKey: SessionKey, running: Turn | undefined, command: string): void {
    if (this.waiting.size === 0) return;
    const kept = new Set([command, ...(running?.messages.map((message) => message.traceId) ?? [])]);
    const gone = [...this.waiting].filter(([traceId, event]) => event.sessionKey === sessionKey && !kept.has(traceId));
    this.ended(
      '',
      gone.map(([traceId]) => traceId),
      0,
    );
  }

  private ended(key: string, traceIds: readonly string[], replies: number): void {
    if (this.waiting.size === 0) return;
    const events = traceIds.flatMap((traceId) => {
      const event = this.waiting.get(traceId);
      this.waiting.delete(traceId);
      return event ? [event] : [];
    });
    const channel = events[0]?.channel;
    if (!channel) return;
    const eventIds = events.map(({ eventId }) => eventId);
    if (replies > 0) this.replying.set(key, { channel, eventIds, left: replies });
    else for (const eventId of eventIds) channel.settled?.(eventId);
  }
}
