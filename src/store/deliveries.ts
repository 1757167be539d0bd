/**
 * The rows of the outbox and the order within a chat: at most one open delivery of a chat is `first`, and only that one may leave.
 * Everything here runs inside a write of the caller.
 */
import { AppError } from '../domain/errors.ts';
import type { Address, OutboundPart } from '../domain/message.ts';
import type { Delivery, DeliveryState, NewDelivery } from '../domain/store.ts';
import type { StoreContext } from './context.ts';
import { idNumber, idText } from './ids.ts';
import type { Source } from './sources.ts';
import type { Statement } from './sqlite.ts';

/** What a delivery answers. */
export interface DeliveryOrigin {
  turn: number | null;
  sessionKey: string | null;
  traceId: string | null;
}

export const noOrigin: DeliveryOrigin = { turn: null, sessionKey: null, traceId: null };

interface PlaceRow {
  id: number;
  state: DeliveryState;
  source: number;
  chat_id: string;
  thread_id: string;
}

export interface DeliveryRow extends PlaceRow {
  reply_to: string | null;
  attempts: number;
  not_before_ms: number;
  repeat: number;
  part_index: number;
  turn: number | null;
  session_key: string | null;
  trace_id: string | null;
  remote_id: string | null;
  part: string;
}

const placeColumns = 'id, state, source, chat_id, thread_id';
export const deliveryColumns = `${placeColumns}, reply_to, attempts, not_before_ms, repeat, part_index, turn, session_key, trace_id, remote_id, part`;
const openInChat = "source = ? AND chat_id = ? AND thread_id = ? AND (state = 'queued' OR state = 'sending') AND preview = 0";

export class Deliveries {
  readonly #context: StoreContext;
  readonly #insert: Statement;
  readonly #takeOver: Statement;
  readonly #anyOpen: Statement;
  readonly #find: Statement;
  readonly #close: Statement;
  readonly #promote: Statement;
  readonly #previews: Statement;
  readonly #whole: Statement;

  constructor(context: StoreContext) {
    this.#context = context;
    const { database } = context;
    this.#insert = database.statement(
      `INSERT INTO deliveries (id, place, preview, created_at_ms, first, state, attempts, source, chat_id, thread_id, reply_to, part_index, turn, session_key, trace_id, remote_id, part)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#takeOver = database.statement(
      `UPDATE deliveries SET place = ?, preview = 0, first = ?, state = ?, source = ?, chat_id = ?, thread_id = ?, reply_to = ?, part_index = ?, part = ?
       WHERE id = ?`,
    );
    this.#anyOpen = database.statement(`SELECT 1 FROM deliveries INDEXED BY deliveries_open WHERE ${openInChat} LIMIT 1`);
    this.#find = database.statement(`SELECT ${placeColumns} FROM deliveries WHERE id = ?`);
    this.#close = database.statement(
      'UPDATE deliveries SET state = ?, preview = 0, remote_id = coalesce(?, remote_id), reason = ? WHERE id = ?',
    );
    this.#promote = database.statement(
      `UPDATE deliveries SET first = 1
       WHERE id = (SELECT id FROM deliveries INDEXED BY deliveries_open WHERE ${openInChat} ORDER BY place LIMIT 1)`,
    );
    this.#previews = database.statement('SELECT id, remote_id FROM deliveries WHERE turn = ? AND preview = 1');
    this.#whole = database.statement(`SELECT ${deliveryColumns} FROM deliveries WHERE id = ?`);
  }

  /** Adds deliveries in their order; returns them as they stand. With `sendNow` those that may leave are `sending`. */
  add(deliveries: readonly NewDelivery[], origin: DeliveryOrigin, sendNow: boolean): Delivery[] {
    return deliveries.map((delivery) => this.#place(delivery, origin, { sendNow }));
  }

  /** The replies of a turn's end, the first of which may go on in the turn's preview. What preview is left over is closed. */
  addReplies(deliveries: readonly NewDelivery[], origin: DeliveryOrigin): Delivery[] {
    const previews = this.#previews.all<{ id: number; remote_id: string | null }>(origin.turn);
    if (previews.length === 0) return this.add(deliveries, origin, true);
    const replies = deliveries.map((delivery) => {
      const at = previews.findIndex((preview) => preview.remote_id !== null && preview.remote_id === delivery.remoteId);
      const [preview] = at < 0 ? [] : previews.splice(at, 1);
      return this.#place(delivery, origin, { sendNow: true, ...(preview && { preview: preview.id }) });
    });
    for (const { id, remote_id } of previews) {
      this.close(this.rowOf(id), remote_id === null ? 'uncertain' : 'sent', {
        reason: 'the preview of a reply that ended otherwise',
      });
    }
    return replies;
  }

  /** A message that shows a reply as it is being written; undefined where something of its chat has yet to leave. */
  addPreview(delivery: NewDelivery, origin: DeliveryOrigin): Delivery | undefined {
    if (!this.#isFirst(delivery.to)) return undefined;
    return this.#write(delivery, origin, { sendNow: true, first: false, preview: true });
  }

  #place(delivery: NewDelivery, origin: DeliveryOrigin, how: { sendNow: boolean; preview?: number }): Delivery {
    const first = this.#isFirst(delivery.to);
    if (how.preview === undefined) return this.#write(delivery, origin, { sendNow: how.sendNow, first, preview: false });
    return this.#convert(delivery, how.preview, first);
  }

  #isFirst(to: Address): boolean {
    const [source, chatId, threadId] = this.#address(to);
    return this.#anyOpen.get(source, chatId, threadId) === undefined;
  }

  #address(to: Address): [source: number, chatId: string, threadId: string, replyTo: string | null] {
    return [this.#context.sources.numberOf(to.channel, to.account), to.chatId, to.threadId ?? '', to.replyToMessageId ?? null];
  }

  #write(delivery: NewDelivery, origin: DeliveryOrigin, how: { sendNow: boolean; first: boolean; preview: boolean }): Delivery {
    const { counters, ids, clock } = this.#context;
    const sending = how.preview || (how.sendNow && how.first);
    const state = sending ? 'sending' : 'queued';
    const id = ids.next();
    const { turn, traceId } = origin;
    const sessionKey = delivery.sessionKey ?? origin.sessionKey;
    const part = JSON.stringify(delivery.part);
    const head = [id, id, Number(how.preview), clock.now(), Number(how.first), state, Number(sending)];
    this.#insert.run(
      ...head,
      ...this.#address(delivery.to),
      delivery.index,
      turn,
      sessionKey,
      traceId,
      delivery.remoteId ?? null,
      part,
    );
    counters.add(`delivery.${state}`, 1);
    return {
      ...delivery,
      id: idText('d', id),
      state,
      attempts: Number(sending),
      notBeforeMs: 0,
      markedRepeat: false,
      ...(turn !== null && { turnId: idText('t', turn) }),
      ...(sessionKey !== null && { sessionKey }),
      ...(traceId !== null && { traceId }),
    };
  }

  /** The preview's own row becomes the reply, at the end of its chat's order. */
  #convert(delivery: NewDelivery, id: number, first: boolean): Delivery {
    const { counters, ids } = this.#context;
    const state = first ? 'sending' : 'queued';
    const part = JSON.stringify(delivery.part);
    this.#takeOver.run(ids.next(), Number(first), state, ...this.#address(delivery.to), delivery.index, part, id);
    counters.add('delivery.sending', -1);
    counters.add(`delivery.${state}`, 1);
    return this.deliveryOf(this.#whole.get<DeliveryRow>(id) as DeliveryRow);
  }

  /** AppError `not_found`. */
  find(id: string): PlaceRow {
    return this.rowOf(idNumber('d', id));
  }

  rowOf(id: number): PlaceRow {
    const row = this.#find.get<PlaceRow>(id);
    if (row) return row;
    throw new AppError('not_found', 'There is no such delivery.', { hint: 'openclaw messages shows what there is.' });
  }

  /** Ends a delivery's way; the next of its chat may then go. */
  close(row: PlaceRow, state: 'sent' | 'failed' | 'uncertain', how: { remoteId?: string; reason?: string }): void {
    this.#close.run(state, how.remoteId ?? null, how.reason ?? null, row.id);
    this.#context.counters.add(`delivery.${row.state}`, -1);
    this.#context.counters.add(`delivery.${state}`, 1);
    this.#promote.run(row.source, row.chat_id, row.thread_id);
  }

  deliveryOf(row: DeliveryRow): Delivery {
    return deliveryOf(row, this.#context.sources.nameOf(row.source));
  }
}

function deliveryOf(row: DeliveryRow, source: Source): Delivery {
  return {
    id: idText('d', row.id),
    to: {
      channel: source.channel,
      account: source.account,
      chatId: row.chat_id,
      ...(row.thread_id === '' ? {} : { threadId: row.thread_id }),
      ...(row.reply_to === null ? {} : { replyToMessageId: row.reply_to }),
    },
    part: JSON.parse(row.part) as OutboundPart,
    index: row.part_index,
    state: row.state,
    attempts: row.attempts,
    notBeforeMs: row.not_before_ms,
    markedRepeat: row.repeat === 1,
    ...(row.turn === null ? {} : { turnId: idText('t', row.turn) }),
    ...(row.session_key === null ? {} : { sessionKey: row.session_key }),
    ...(row.remote_id === null ? {} : { remoteId: row.remote_id }),
    ...(row.trace_id === null ? {} : { traceId: row.trace_id }),
  };
}
