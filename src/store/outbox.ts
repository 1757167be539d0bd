/** What leaves: the verbs of the delivery loop. The order within a chat is kept in `deliveries.ts`. */
import { AppError } from '../domain/errors.ts';
import type { Address } from '../domain/message.ts';
import type { Delivery, DeliveryState, NewDelivery, Outbox } from '../domain/store.ts';
import type { StoreContext } from './context.ts';
import { deliveryStates } from './counters.ts';
import { deliveryColumns, noOrigin } from './deliveries.ts';
import type { Deliveries, DeliveryOrigin, DeliveryRow } from './deliveries.ts';
import { idNumber } from './ids.ts';

type ListedDelivery = Delivery & { reason?: string; createdAtMs: number };
type ListedRow = DeliveryRow & { reason: string | null; created_at_ms: number };

/** Which index finds a state without passing the million that are sent. */
const indexOf: Record<DeliveryState, string> = {
  queued: 'INDEXED BY deliveries_open',
  sending: 'INDEXED BY deliveries_open',
  sent: 'NOT INDEXED',
  failed: 'INDEXED BY deliveries_unsent',
  uncertain: 'INDEXED BY deliveries_unsent',
};

/** The origin of what a turn sends. */
function turnOrigins(context: StoreContext): (turnId: string) => DeliveryOrigin {
  const select = context.database.statement(
    'SELECT turns.trace_id, sessions.key FROM turns JOIN sessions ON sessions.number = turns.session WHERE turns.id = ?',
  );
  return (turnId) => {
    const turn = idNumber('t', turnId);
    const row = select.get<{ trace_id: string; key: string }>(turn);
    if (!row) throw new AppError('not_found', 'There is no such turn.');
    return { turn, sessionKey: row.key, traceId: row.trace_id };
  };
}

export function createOutbox(context: StoreContext, deliveries: Deliveries): Outbox {
  const { commit } = context;
  const originOf = turnOrigins(context);

  const addOne = (delivery: NewDelivery, sendNow: boolean): Delivery[] =>
    deliveries.add([delivery], delivery.turnId === undefined ? noOrigin : originOf(delivery.turnId), sendNow);

  return {
    add: (added, sendNow) =>
      commit.write(() => {
        const placed = added.flatMap((delivery) => addOne(delivery, sendNow));
        return sendNow ? placed.filter((delivery) => delivery.state === 'sending') : placed;
      }),
    openPreview: (turnId: string, to: Address) =>
      commit.write(() => deliveries.addPreview({ to, part: { text: '' }, index: 0, turnId }, originOf(turnId))),
    ...fates(context, deliveries),
    ...views(context, deliveries),
  };
}

type Fates = Pick<Outbox, 'takeDue' | 'sent' | 'retry' | 'fail' | 'previewShown' | 'resendMarked'>;

/** What becomes of a delivery. */
function fates({ commit, counters, database }: StoreContext, deliveries: Deliveries): Fates {
  const due = database.statement(
    `SELECT ${deliveryColumns} FROM deliveries INDEXED BY deliveries_due
     WHERE state = 'queued' AND first = 1 AND not_before_ms <= ? ORDER BY not_before_ms, place LIMIT ?`,
  );
  const begin = database.statement("UPDATE deliveries SET state = 'sending', attempts = attempts + 1 WHERE id = ?");
  const requeue = database.statement("UPDATE deliveries SET state = 'queued', not_before_ms = ?, reason = ? WHERE id = ?");
  const mark = database.statement("UPDATE deliveries SET state = 'queued', not_before_ms = ?, repeat = 1 WHERE id = ?");
  const show = database.statement('UPDATE deliveries SET remote_id = ? WHERE id = ?');

  const move = (from: DeliveryState, to: DeliveryState, count = 1): void => {
    counters.add(`delivery.${from}`, -count);
    counters.add(`delivery.${to}`, count);
  };

  return {
    takeDue: (nowMs, limit) =>
      commit.write(() => {
        const rows = due.all<DeliveryRow>(nowMs, limit);
        for (const row of rows) begin.run(row.id);
        move('queued', 'sending', rows.length);
        return rows.map((row) => deliveries.deliveryOf({ ...row, state: 'sending', attempts: row.attempts + 1 }));
      }),
    sent: (id, remoteId) =>
      commit.record(() => {
        const row = deliveries.find(id);
        if (row.state !== 'sent') deliveries.close(row, 'sent', { remoteId });
      }),
    retry: (id, notBeforeMs, reason) =>
      commit.record(() => {
        const row = deliveries.find(id);
        if (row.state !== 'sending') return;
        requeue.run(notBeforeMs, reason, row.id);
        move('sending', 'queued');
      }),
    fail: (id, state, reason) =>
      commit.record(() => {
        const row = deliveries.find(id);
        if (row.state === 'sending' || row.state === 'queued') deliveries.close(row, state, { reason });
      }),
    previewShown: (id, remoteId) => commit.record(() => void show.run(remoteId, deliveries.find(id).id)),
    resendMarked: (id, notBeforeMs = 0) =>
      commit.record(() => {
        const row = deliveries.find(id);
        if (row.state === 'queued') return;
        if (row.state !== 'sending') throw new AppError('conflict', 'Only a delivery that was interrupted is sent again.');
        mark.run(notBeforeMs, row.id);
        move('sending', 'queued');
      }),
  };
}

type Views = Pick<Outbox, 'preview' | 'interrupted' | 'nextDueMs' | 'list' | 'counts'>;

function views({ commit, counters, database }: StoreContext, deliveries: Deliveries): Views {
  const open = database.statement(`SELECT ${deliveryColumns} FROM deliveries WHERE turn = ? AND preview = 1`);
  const sending = database.statement(
    `SELECT ${deliveryColumns} FROM deliveries INDEXED BY deliveries_open WHERE state = 'sending' ORDER BY place`,
  );
  const next = database.statement(
    "SELECT min(not_before_ms) AS at FROM deliveries INDEXED BY deliveries_due WHERE state = 'queued' AND first = 1",
  );

  const newest = (state: DeliveryState, limit: number): ListedRow[] =>
    database
      .statement(
        `SELECT ${deliveryColumns}, reason, created_at_ms FROM deliveries ${indexOf[state]} WHERE state = '${state}' ORDER BY id DESC LIMIT ?`,
      )
      .all<ListedRow>(limit);

  const listed = (row: ListedRow): ListedDelivery => ({
    ...deliveries.deliveryOf(row),
    ...(row.reason === null ? {} : { reason: row.reason }),
    createdAtMs: row.created_at_ms,
  });

  return {
    preview: (turnId) =>
      commit.read(() => {
        const row = open.get<DeliveryRow>(idNumber('t', turnId));
        return row && deliveries.deliveryOf(row);
      }),
    interrupted: () => commit.read(() => sending.all<DeliveryRow>().map((row) => deliveries.deliveryOf(row))),
    nextDueMs: () => commit.read(() => next.get<{ at: number | null }>()?.at ?? undefined),
    list: ({ states = [...deliveryStates], limit }) =>
      commit.read(() =>
        [...new Set(states)]
          .filter((state) => deliveryStates.includes(state))
          .flatMap((state) => newest(state, limit))
          .toSorted((one, other) => other.id - one.id)
          .slice(0, limit)
          .map(listed),
      ),
    counts: () =>
      commit.read(() => {
        const values = counters.values();
        return Object.fromEntries(deliveryStates.map((state) => [state, values[`delivery.${state}`]])) as Record<
          DeliveryState,
          number
        >;
      }),
  };
}
