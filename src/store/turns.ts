/** Runs of the agent: their journal, their end, and what was left when the process died. */
import type { Session, Turn } from '../domain/session.ts';
import type { MessageState, TurnEnd, Turns } from '../domain/store.ts';
import type { StoreContext } from './context.ts';
import type { Deliveries } from './deliveries.ts';
import { idNumber, idText } from './ids.ts';
import { claimed } from './lanes.ts';
import { queuedColumns, queuedMessageOf } from './message-rows.ts';
import type { QueuedRow } from './message-rows.ts';
import { sessionColumns } from './session-rows.ts';
import type { SessionRow } from './session-rows.ts';

export function createTurns(context: StoreContext, deliveries: Deliveries): Turns {
  const { commit, journal, running } = context;
  return {
    append: (turnId, entries) =>
      commit.write(() => {
        const { id, conversation } = running.get(idNumber('t', turnId));
        return journal.append(conversation, id, entries);
      }),
    finish: createFinish(context, deliveries),
    interrupted: createInterrupted(context),
  };
}

function messageStateOf(end: TurnEnd): Extract<MessageState, 'answered' | 'refused' | 'quarantined'> {
  if (end.state === 'quarantined') return 'quarantined';
  return end.state === 'done' || end.deliveries.length > 0 ? 'answered' : 'refused';
}

function createFinish(context: StoreContext, deliveries: Deliveries): Turns['finish'] {
  const { commit, counters, database, clock, journal, running } = context;
  const settle = database.statement('UPDATE messages SET state = ?, reason = ? WHERE id = ?');
  const end = database.statement('UPDATE turns SET state = ?, reason = ?, ended_at_ms = ? WHERE id = ?');
  const leave = database.statement(
    'UPDATE sessions SET turn = NULL, turns = turns + (conversation IS ?), updated_at_ms = ? WHERE number = ?',
  );

  return (turnId, outcome) =>
    commit.write(() => {
      const { id, session, conversation, key, traceId, messages } = running.get(idNumber('t', turnId));
      journal.append(conversation, id, outcome.entries);
      const state = messageStateOf(outcome);
      const reason = state === 'answered' ? null : (outcome.reason ?? outcome.state);
      for (const message of messages) settle.run(state, reason, message);
      counters.add('message.running', -messages.length);
      counters.add(`message.${state}`, messages.length);
      end.run(outcome.state, outcome.reason ?? null, clock.now(), id);
      leave.run(conversation, clock.now(), session);
      running.ended(id);
      journal.ended(conversation);
      const replies = deliveries.addReplies(outcome.deliveries, { turn: id, sessionKey: key, traceId });
      return replies.filter((delivery) => delivery.state === 'sending');
    });
}

type Interrupted = { turn: Turn; session: Session };
type TurnRow = SessionRow & {
  id: number;
  turn_conversation: number;
  messages: string;
  started_at_ms: number;
  deaths: number;
  seen_seq: number;
};

function createInterrupted({ commit, database, fence, journal }: StoreContext): Turns['interrupted'] {
  const open = database.statement(
    `SELECT turns.id AS id, turns.conversation AS turn_conversation, messages, started_at_ms, deaths, seen_seq, ${sessionColumns}
     FROM turns INDEXED BY turns_running JOIN sessions ON sessions.number = turns.session WHERE turns.state = 'running' ORDER BY turns.id`,
  );
  const message = database.statement(`SELECT ${queuedColumns} FROM messages WHERE id = ?`);
  const progress = database.statement(
    `SELECT 1 FROM entries WHERE conversation = ? AND seq > ? AND turn = ? AND json_extract(body, '$.kind') <> 'note' LIMIT 1`,
  );
  const count = database.statement('UPDATE turns SET deaths = ?, seen_seq = ? WHERE id = ?');
  let counted = false;

  function countDeath(row: TurnRow): void {
    row.deaths = progress.get(row.turn_conversation, row.seen_seq, row.id) ? 1 : row.deaths + 1;
    count.run(row.deaths, journal.lastSeq(row.turn_conversation), row.id);
  }

  function interruptedOf(row: TurnRow): Interrupted {
    const found = claimed(row, {
      id: row.id,
      messages: (JSON.parse(row.messages) as number[]).map((id) => queuedMessageOf(message.get<QueuedRow>(id) as QueuedRow)),
      startedAtMs: row.started_at_ms,
      deaths: row.deaths,
    });
    return { ...found, turn: { ...found.turn, sessionId: idText('s', row.turn_conversation) } };
  }

  return () =>
    commit.write(() => {
      const fenced = new Set(fence.open());
      const rows = open.all<TurnRow>().filter((row) => !counted || fenced.has(row.id));
      if (!counted) for (const row of rows) countDeath(row);
      counted = true;
      // Should this very commit be lost, they are handed out again.
      for (const row of rows) fence.touch(row.id);
      return rows.map(interruptedOf);
    });
}
