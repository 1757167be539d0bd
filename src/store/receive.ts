/** Takes in what a poll brought, together with its cursor: the one way by which a message gets into the store. */
import type { AdmittedEvent, Inbox, QueuedCommand, ReceiveResult } from '../domain/store.ts';
import type { StoreContext } from './context.ts';
import type { Deliveries } from './deliveries.ts';
import { idText } from './ids.ts';
import { detailOf, queuedMessageOf } from './message-rows.ts';
import type { QueuedRow } from './message-rows.ts';
import type { Database } from './sqlite.ts';

/** What is kept of a text that nobody will answer. */
const refusedTextLength = 200;

type AdmittedHere = AdmittedEvent & { admission: { outcome: 'queue' | 'command' } };
type RefusedHere = AdmittedEvent & { admission: { outcome: 'refuse' } };

interface NewMessage {
  id: number;
  source: number;
  state: 'queued' | 'refused';
  command: boolean;
  session: number | null;
  traceId: string | null;
  reason: string | null;
  text: string;
  detail: string | null;
}

export function createReceive(context: StoreContext, deliveries: Deliveries): Inbox['receive'] {
  const { commit, ids, sources } = context;
  const admit = createAdmit(context);
  const refuse = createRefuse(context, deliveries);
  return (batch) =>
    commit.write(() => {
      const source = sources.numberOf(batch.channel, batch.account);
      const result: ReceiveResult = { queued: [], commands: [], repeats: 0 };
      for (const { event, admission } of batch.events) {
        const place = { id: ids.next(), source };
        const isNew =
          admission.outcome === 'refuse' ? refuse(place, { event, admission }) : admit(place, { event, admission }, result);
        if (!isNew) result.repeats += 1;
      }
      if (batch.cursor !== undefined) sources.moveCursor(source, batch.cursor);
      return result;
    });
}

type Place = Pick<NewMessage, 'id' | 'source'>;

/** False where the event is known. */
function createInsert({
  database,
  clock,
  counters,
}: StoreContext): (message: NewMessage, event: AdmittedEvent['event']) => boolean {
  const insert = database.statement(
    `INSERT INTO messages (id, source, event_id, state, command, session, sender_id, chat_id, message_id, trace_id, sent_at_ms, received_at_ms, reason, text, detail)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, event_id) DO NOTHING`,
  );
  return ({ id, source, state, command, session, traceId, reason, text, detail }, event) => {
    const from = [event.sender.id, event.chat.id, event.messageId ?? null] as const;
    const times = [event.sentAtMs, clock.now()] as const;
    const rows = insert.run(
      id,
      source,
      event.eventId,
      state,
      Number(command),
      session,
      ...from,
      traceId,
      ...times,
      reason,
      text,
      detail,
    );
    counters.add(`message.${state}`, rows);
    return rows === 1;
  };
}

/** A refused message keeps why, who and how it begins; its one answer waits in the outbox. */
function createRefuse(context: StoreContext, deliveries: Deliveries): (place: Place, refused: RefusedHere) => boolean {
  const insert = createInsert(context);
  return (place, { event, admission }) => {
    const { reason, reply, address } = admission;
    const text = event.text.slice(0, refusedTextLength);
    const message = {
      ...place,
      state: 'refused',
      command: false,
      session: null,
      traceId: null,
      reason,
      text,
      detail: null,
    } as const;
    if (!insert(message, event)) return false;
    const origin = { turn: null, sessionKey: null, traceId: idText('m', place.id) };
    if (reply) deliveries.add([{ to: address, part: reply, index: 0 }], origin, false);
    return true;
  };
}

interface LaneRow {
  number: number;
  head: number | null;
}

function createLaneOf(database: Database): (admission: AdmittedHere['admission']) => LaneRow {
  const select = database.statement('SELECT number, head FROM sessions WHERE key = ?');
  const insert = database.statement('INSERT INTO sessions (key, agent_id) VALUES (?, ?) RETURNING number, head');
  return ({ sessionKey, agentId }) => select.get<LaneRow>(sessionKey) ?? (insert.get<LaneRow>(sessionKey, agentId) as LaneRow);
}

function createAdmit(context: StoreContext): (place: Place, admitted: AdmittedHere, result: ReceiveResult) => boolean {
  const { database, clock } = context;
  const insert = createInsert(context);
  const laneOf = createLaneOf(database);
  const setHead = database.statement('UPDATE sessions SET head = ? WHERE number = ?');
  return (place, { event, admission }, result) => {
    const { id } = place;
    const { number: session, head } = laneOf(admission);
    const { sessionKey, traceId, text } = admission;
    const command = admission.outcome === 'command';
    const detail = detailOf({ event, admission });
    if (!insert({ ...place, state: 'queued', command, session, traceId, reason: null, text, detail }, event)) return false;
    if (command) {
      const row = { id, trace_id: traceId, sent_at_ms: event.sentAtMs, received_at_ms: clock.now(), text, detail };
      result.commands.push(commandOf(row, admission));
    } else {
      if (head === null) setHead.run(id, session);
      result.queued.push({ id: idText('m', id), sessionKey });
    }
    return true;
  };
}

function commandOf(row: QueuedRow, { sessionKey, agentId }: AdmittedHere['admission']): QueuedCommand {
  return { message: queuedMessageOf(row), sessionKey, agentId };
}
