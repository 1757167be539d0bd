/** What was received and what became of it. Lanes, which take from it, are in `lanes.ts`. */
import { AppError } from '../domain/errors.ts';
import type { AdmittedEvent, Inbox, MessageState, QueuedCommand, ReceiveResult } from '../domain/store.ts';
import type { StoreContext } from './context.ts';
import { messageStates } from './counters.ts';
import type { Deliveries } from './deliveries.ts';
import { idNumber, idText } from './ids.ts';
import { createLanes } from './lanes.ts';
import { createMessageList } from './message-list.ts';
import { detailOf, queuedMessageOf } from './message-rows.ts';
import type { QueuedRow } from './message-rows.ts';

/** What is kept of a text that nobody will answer. */
const refusedTextLength = 200;

type AdmittedHere = AdmittedEvent & { admission: { outcome: 'queue' | 'command' } };

export function createInbox(context: StoreContext, deliveries: Deliveries): Inbox {
  const { commit, counters, sources } = context;
  return {
    receive: createReceive(context, deliveries),
    cursor: (channel, account) => commit.read(() => sources.cursor(channel, account)),
    ...createLanes(context),
    amend: createAmend(context),
    ...createCommands(context, deliveries),
    counts: () =>
      commit.read(() => {
        const values = counters.values();
        return Object.fromEntries(messageStates.map((state) => [state, values[`message.${state}`]])) as Record<
          MessageState,
          number
        >;
      }),
    list: createMessageList(context),
  };
}

function createReceive(
  { commit, counters, database, ids, sources, clock }: StoreContext,
  deliveries: Deliveries,
): Inbox['receive'] {
  const insert = database.statement(
    `INSERT INTO messages (id, source, event_id, state, command, session, sender_id, chat_id, message_id, trace_id, sent_at_ms, received_at_ms, reason, text, detail)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, event_id) DO NOTHING`,
  );
  const lane = database.statement('SELECT number, head FROM sessions WHERE key = ?');
  const newLane = database.statement('INSERT INTO sessions (key, agent_id) VALUES (?, ?) RETURNING number, head');
  const setHead = database.statement('UPDATE sessions SET head = ? WHERE number = ?');

  interface LaneRow {
    number: number;
    head: number | null;
  }

  function refuse(source: number, { event, admission }: AdmittedEvent, id: number): boolean {
    if (admission.outcome !== 'refuse') return false;
    const text = event.text.slice(0, refusedTextLength);
    const place = [id, source, event.eventId, 'refused', 0, null, event.sender.id, event.chat.id, event.messageId ?? null];
    const isNew = insert.run(...place, null, event.sentAtMs, clock.now(), admission.reason, text, null) === 1;
    if (isNew && admission.reply) {
      const origin = { turn: null, sessionKey: null, traceId: idText('m', id) };
      deliveries.add([{ to: admission.address, part: admission.reply, index: 0 }], origin, false);
    }
    return isNew;
  }

  function admit(source: number, { event, admission }: AdmittedHere, id: number): boolean {
    const command = admission.outcome === 'command';
    const { number, head } =
      lane.get<LaneRow>(admission.sessionKey) ?? (newLane.get<LaneRow>(admission.sessionKey, admission.agentId) as LaneRow);
    const place = [
      id,
      source,
      event.eventId,
      'queued',
      Number(command),
      number,
      event.sender.id,
      event.chat.id,
      event.messageId ?? null,
    ];
    const detail = detailOf({ event, admission });
    const isNew = insert.run(...place, admission.traceId, event.sentAtMs, clock.now(), null, admission.text, detail) === 1;
    if (isNew && !command && head === null) setHead.run(id, number);
    return isNew;
  }

  function receiveOne(source: number, admitted: AdmittedEvent, result: ReceiveResult): boolean {
    const id = ids.next();
    const { event, admission } = admitted;
    if (admission.outcome === 'refuse') {
      if (!refuse(source, admitted, id)) return false;
      counters.add('message.refused', 1);
      return true;
    }
    if (!admit(source, { event, admission }, id)) return false;
    counters.add('message.queued', 1);
    if (admission.outcome === 'queue') result.queued.push({ id: idText('m', id), sessionKey: admission.sessionKey });
    else result.commands.push(commandOf({ event, admission }, id, clock.now()));
    return true;
  }

  return (batch) =>
    commit.write(() => {
      const source = sources.numberOf(batch.channel, batch.account);
      const result: ReceiveResult = { queued: [], commands: [], repeats: 0 };
      for (const admitted of batch.events) if (!receiveOne(source, admitted, result)) result.repeats += 1;
      if (batch.cursor !== undefined) sources.moveCursor(source, batch.cursor);
      return result;
    });
}

function commandOf({ event, admission }: AdmittedHere, id: number, nowMs: number): QueuedCommand {
  const { sessionKey, agentId, traceId, text } = admission;
  const row: QueuedRow = {
    id,
    trace_id: traceId,
    sent_at_ms: event.sentAtMs,
    received_at_ms: nowMs,
    text,
    detail: detailOf({ event, admission }),
  };
  return { message: queuedMessageOf(row), sessionKey, agentId };
}

function createAmend({ commit, counters, database, sources }: StoreContext): Inbox['amend'] {
  const find = database.statement(
    "SELECT id, session FROM messages WHERE chat_id = ? AND message_id = ? AND state = 'queued' AND command = 0 AND source = ?",
  );
  const edit = database.statement('UPDATE messages SET text = ? WHERE id = ?');
  const refuse = database.statement("UPDATE messages SET state = 'refused', reason = ? WHERE id = ?");
  const moveHead = database.statement(
    `UPDATE sessions SET head = (SELECT min(id) FROM messages INDEXED BY messages_queued WHERE session = ?1 AND state = 'queued' AND command = 0)
     WHERE number = ?1`,
  );

  // oxlint-disable-next-line max-params
  return (channel, account, chatId, messageId, change) =>
    commit.write(() => {
      const source = sources.find(channel, account);
      const row = source === undefined ? undefined : find.get<{ id: number; session: number }>(chatId, messageId, source);
      if (!row) return false;
      if ('text' in change) {
        edit.run(change.text, row.id);
        return true;
      }
      refuse.run('deleted by its sender', row.id);
      moveHead.run(row.session);
      counters.add('message.queued', -1);
      counters.add('message.refused', 1);
      return true;
    });
}

function createCommands(
  { commit, counters, database }: StoreContext,
  deliveries: Deliveries,
): Pick<Inbox, 'commandDone' | 'unfinishedCommands'> {
  const find = database.statement(
    `SELECT messages.trace_id, sessions.key FROM messages JOIN sessions ON sessions.number = messages.session
     WHERE messages.id = ? AND messages.command = 1`,
  );
  const answer = database.statement("UPDATE messages SET state = 'answered' WHERE id = ? AND state = 'queued'");
  const open = database.statement(
    `SELECT messages.id AS id, trace_id, sent_at_ms, received_at_ms, text, detail, key, agent_id
     FROM messages INDEXED BY messages_commands JOIN sessions ON sessions.number = messages.session
     WHERE state = 'queued' AND command = 1 ORDER BY messages.id`,
  );

  return {
    commandDone: (messageId, replies) =>
      commit.write(() => {
        const id = idNumber('m', messageId);
        const row = find.get<{ trace_id: string; key: string }>(id);
        if (!row) throw new AppError('not_found', 'There is no such command.');
        if (answer.run(id) === 0) return [];
        counters.add('message.queued', -1);
        counters.add('message.answered', 1);
        const origin = { turn: null, sessionKey: row.key, traceId: row.trace_id };
        return deliveries.add(replies, origin, true).filter((delivery) => delivery.state === 'sending');
      }),
    unfinishedCommands: () =>
      commit.read(() =>
        open
          .all<QueuedRow & { key: string; agent_id: string }>()
          .map((row) => ({ message: queuedMessageOf(row), sessionKey: row.key, agentId: row.agent_id })),
      ),
  };
}
