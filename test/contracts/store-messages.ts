// What the tests of a store feed it: a clock that stands still, events, entries, replies.
import assert from 'node:assert/strict';
import type { Clock } from '../../src/domain/clock.ts';
import { isAppError } from '../../src/domain/errors.ts';
import type { AppError, ErrorCode } from '../../src/domain/errors.ts';
import type { Address, InboundEvent } from '../../src/domain/message.ts';
import type { Entry, Session, Turn } from '../../src/domain/session.ts';
import type { Admission, AdmittedEvent, NewDelivery, ReceiveResult, Store } from '../../src/domain/store.ts';

export class StillClock implements Clock {
  ms = Date.UTC(2026, 10, 1, 12);
  now(): number {
    return this.ms;
  }
  monotonic(): number {
    return this.ms;
  }
  pass(ms: number): void {
    this.ms += ms;
  }
}

export const where = { channel: 'telegram', account: 'default' };

export function addressOf(person: string): Address {
  return { ...where, chatId: person };
}

export function keyOf(person: string): string {
  return `agent:main:telegram:default:direct:${person}`;
}

let events = 0;

/** A new event each time, unless `eventId` is given. */
export function eventOf(person: string, text: string, more: Partial<InboundEvent> = {}): InboundEvent {
  events += 1;
  return {
    ...where,
    eventId: String(events),
    kind: 'message',
    chat: { id: person, kind: 'direct' },
    sender: { id: person, name: `Person ${person}`, isBot: false },
    messageId: `p${events}`,
    text,
    attachments: [],
    addressed: true,
    sentAtMs: 1_000,
    ...more,
  };
}

function admission(event: InboundEvent, outcome: 'queue' | 'command'): Admission {
  const person = event.chat.id;
  return {
    outcome,
    sessionKey: keyOf(person),
    agentId: 'main',
    address: addressOf(person),
    text: event.text,
    traceId: `trace-${event.eventId}`,
  };
}

export function queue(person: string, text: string, more: Partial<InboundEvent> = {}): AdmittedEvent {
  const event = eventOf(person, text, more);
  return { event, admission: admission(event, 'queue') };
}

export function command(person: string, text: string): AdmittedEvent {
  const event = eventOf(person, text);
  return { event, admission: admission(event, 'command') };
}

export function refuse(person: string, text: string, reply?: string): AdmittedEvent {
  const address = addressOf(person);
  return {
    event: eventOf(person, text),
    admission: { outcome: 'refuse', reason: 'a stranger', address, ...(reply !== undefined && { reply: { text: reply } }) },
  };
}

export function receive(store: Store, ...admitted: AdmittedEvent[]): Promise<ReceiveResult> {
  return store.inbox.receive({ ...where, events: admitted });
}

export const one = { all: false, most: 1 };

export async function claim(store: Store, person: string, take = one): Promise<{ turn: Turn; session: Session }> {
  const claimed = await store.inbox.claim(keyOf(person), take);
  assert.ok(claimed, `nothing to claim for ${person}`);
  return claimed;
}

export function note(text: string): Entry {
  return { kind: 'note', text };
}

export function said(text: string): Entry {
  const usage = { inputTokens: 10, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
  return { kind: 'assistant', parts: [{ type: 'text', text }], model: 'test/model', finish: 'stop', usage };
}

export function reply(person: string, text: string, more: Partial<NewDelivery> = {}): NewDelivery {
  return { to: addressOf(person), part: { text }, index: 0, ...more };
}

export function finish(store: Store, turnId: string, ...deliveries: NewDelivery[]): ReturnType<Store['turns']['finish']> {
  return store.turns.finish(turnId, { state: 'done', entries: [], deliveries });
}

export async function rejects(promise: Promise<unknown>, code: ErrorCode, saying = /./): Promise<AppError> {
  const error = await promise.then(
    () => assert.fail('expected a rejection'),
    (reason: unknown) => reason,
  );
  assert.ok(isAppError(error), `expected an AppError, got ${String(error)}`);
  assert.equal(error.code, code, error.message);
  assert.match(error.message, saying);
  return error;
}
