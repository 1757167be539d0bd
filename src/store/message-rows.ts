/** How a message stands in its row, and how it comes out again. */
import type { Address, Attachment, Chat, Quote, Sender } from '../domain/message.ts';
import type { QueuedMessage } from '../domain/session.ts';
import type { AdmittedEvent, MessageRow, MessageState } from '../domain/store.ts';
import { idText } from './ids.ts';
import type { Source } from './sources.ts';

/** What only a turn needs of a message. Empty lists and absent values are left out. */
export interface Detail {
  sender: Sender;
  chat: Chat;
  address: Address;
  attachments?: Attachment[];
  replyTo?: Quote;
  forwardedFrom?: string;
  origin?: string;
}

export interface QueuedRow {
  id: number;
  trace_id: string;
  sent_at_ms: number;
  received_at_ms: number;
  text: string;
  detail: string;
}

export const queuedColumns = 'id, trace_id, sent_at_ms, received_at_ms, text, detail';

export function detailOf({ event, admission }: AdmittedEvent): string {
  const detail: Detail = { sender: event.sender, chat: event.chat, address: admission.address };
  if (event.attachments.length > 0) detail.attachments = event.attachments;
  if (event.replyTo) detail.replyTo = event.replyTo;
  if (event.forwardedFrom !== undefined) detail.forwardedFrom = event.forwardedFrom;
  if (admission.outcome === 'queue' && admission.origin !== undefined) detail.origin = admission.origin;
  return JSON.stringify(detail);
}

export function queuedMessageOf(row: QueuedRow): QueuedMessage {
  const detail = JSON.parse(row.detail) as Detail;
  return {
    id: idText('m', row.id),
    traceId: row.trace_id,
    text: row.text,
    sentAtMs: row.sent_at_ms,
    receivedAtMs: row.received_at_ms,
    ...detail,
    attachments: detail.attachments ?? [],
  };
}

export interface ListedRow {
  id: number;
  source: number;
  event_id: string;
  state: MessageState;
  reason: string | null;
  session_key: string | null;
  sender_id: string;
  text: string;
  received_at_ms: number;
  turn: number | null;
  trace_id: string | null;
}

export function messageRowOf(row: ListedRow, source: Source): MessageRow {
  const id = idText('m', row.id);
  return {
    id,
    channel: source.channel,
    account: source.account,
    eventId: row.event_id,
    state: row.state,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.session_key === null ? {} : { sessionKey: row.session_key }),
    senderId: row.sender_id,
    text: row.text,
    receivedAtMs: row.received_at_ms,
    ...(row.turn === null ? {} : { turnId: idText('t', row.turn) }),
    traceId: row.trace_id ?? id,
  };
}
