/**
 * Owns the step from a list of updates to a stored batch: who the bot is, what each update means, the cursor.
 * Must never answer a pressed button before its event is stored.
 */
import type { Api } from 'grammy/web';
import type { Update } from 'grammy/types';
import type { ChannelEdges, ReceivedBatch } from '../../domain/channel.ts';
import { messageOf } from '../../domain/errors.ts';
import type { InboundEvent } from '../../domain/message.ts';
import { apiSignal } from './api.ts';
import { createBackoff, pause } from '../backoff.ts';
import { toAppError } from './errors.ts';
import { needsUsername, toInboundEvent, type Reader } from './inbound.ts';
import type { PollPauses } from './poll.ts';
import type { Signs } from './signs.ts';

export interface ReceiverParts {
  api: Api;
  reader: Omit<Reader, 'username' | 'nowMs'>;
  edges: ChannelEdges;
  signs: Signs;
  pauses: PollPauses;
}

export interface Receiver {
  /** Asks until the platform tells the bot's name or `signal` aborts. Never rejects. */
  learnName(signal: AbortSignal): Promise<void>;
  /** Hands the updates on; rejects when they are not stored. */
  deliver(updates: readonly Update[], nextOffset: number, signal: AbortSignal): Promise<void>;
}

type Receive = (batch: ReceivedBatch) => Promise<void>;

export function createReceiver(parts: ReceiverParts, receive: Receive): Receiver {
  const { api, reader, edges, signs, pauses } = parts;
  let username: string | undefined;
  let learned: Promise<void> | undefined;

  async function learn(signal: AbortSignal): Promise<void> {
    const backoff = createBackoff(pauses.firstMs, pauses.mostMs);
    while (!signal.aborted) {
      try {
        username = (await api.getMe(apiSignal(signal))).username;
        return;
      } catch (error) {
        if (!signal.aborted) edges.log.debug({}, `the bot's name is not known yet: ${toAppError(error).message}`);
        await pause(backoff.next(), signal);
      }
    }
  }

  function read(updates: readonly Update[]): InboundEvent[] {
    const events: InboundEvent[] = [];
    const whole = { ...reader, username, nowMs: edges.clock.now() };
    for (const update of updates) {
      try {
        const event = toInboundEvent(update, whole);
        if (event !== undefined) events.push(event);
      } catch (error) {
        // One update that cannot be read must not hold up the others for ever.
        edges.log.error({ updateId: update.update_id }, `an update was skipped, it cannot be read: ${messageOf(error)}`);
      }
    }
    return events;
  }

  function answerButtons(updates: readonly Update[]): void {
    for (const { callback_query: query } of updates) {
      if (query !== undefined) signs.show(() => api.answerCallbackQuery(query.id));
    }
  }

  return {
    learnName: (signal) => (learned ??= learn(signal)),
    async deliver(updates, nextOffset, signal) {
      const isHeld = (update: Update): boolean => username === undefined && needsUsername(update);
      const held = updates.filter(isHeld);
      let events = read(held.length === 0 ? updates : updates.filter((update) => !isHeld(update)));
      if (held.length > 0) {
        // Without the cursor: these come again should the rest never be stored.
        if (events.length > 0) await receive({ events });
        await learned;
        if (signal.aborted) throw signal.reason;
        events = read(held);
      }
      await receive({ events, cursor: `${reader.botId}:${nextOffset}` });
      answerButtons(updates);
    },
  };
}

/** `<botId>:<offset>`. The offset of another bot means nothing to this one. */
export function offsetOf(cursor: string | undefined, botId: number): number | undefined {
  const [, bot, offset] = /^(\d+):(\d+)$/.exec(cursor ?? '') ?? [];
  return bot === String(botId) ? Number(offset) : undefined;
}
