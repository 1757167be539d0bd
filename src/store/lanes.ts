/**
 * Lanes: the queued messages of a session key, taken strictly in order by at most one turn at a time.
 * They wait on disk; `sessions.head` says which one waits longest, so that nobody looks at what stands behind it.
 */
import type { QueuedMessage, Session, Turn } from '../domain/session.ts';
import type { Inbox } from '../domain/store.ts';
import type { StoreContext } from './context.ts';
import { idNumber, idText } from './ids.ts';
import { queuedColumns, queuedMessageOf } from './message-rows.ts';
import type { QueuedRow } from './message-rows.ts';
import { sessionColumns, sessionOf } from './session-rows.ts';
import type { SessionRow } from './session-rows.ts';

type Lanes = Pick<Inbox, 'readyLanes' | 'claim' | 'join' | 'dropQueued'>;

/** How many waiting messages one steering step takes up at most. */
const mostJoined = 100;

/** What waits longest now. */
const newHead =
  "(SELECT min(id) FROM messages INDEXED BY messages_queued WHERE session = ? AND state = 'queued' AND command = 0)";

export function createLanes(context: StoreContext): Lanes {
  const { commit, database } = context;
  const ready = database.statement(
    `SELECT sessions.key AS sessionKey, messages.sender_id AS senderId
     FROM sessions INDEXED BY sessions_ready JOIN messages ON messages.id = sessions.head
     WHERE sessions.head IS NOT NULL AND sessions.turn IS NULL ORDER BY sessions.head LIMIT ?`,
  );
  return {
    readyLanes: (limit) =>
      commit.read(() => ready.all<{ sessionKey: string; senderId: string }>(limit).map((row) => ({ ...row }))),
    claim: createClaim(context),
    join: createJoin(context),
    dropQueued: createDrop(context),
  };
}

/**
 * Gives queued messages of a lane, from the head on, to a turn. A list has its own statement because SQLite prepares anew
 * what has a bound LIMIT, which would be most of a claim's cost.
 */
function createTake({ counters, database }: StoreContext): (lane: Lane, turn: number, most: number) => QueuedRow[] {
  const first = database.statement(`SELECT ${queuedColumns} FROM messages WHERE id = ?`);
  const several = database.statement(
    `SELECT ${queuedColumns} FROM messages INDEXED BY messages_queued WHERE session = ? AND state = 'queued' AND command = 0 ORDER BY id LIMIT ?`,
  );
  const take = database.statement("UPDATE messages SET state = 'running', turn = ? WHERE id = ?");
  return (lane, turn, most) => {
    const rows = most === 1 ? first.all<QueuedRow>(lane.head) : several.all<QueuedRow>(lane.number, most);
    for (const row of rows) take.run(turn, row.id);
    counters.add('message.queued', -rows.length);
    counters.add('message.running', rows.length);
    return rows;
  };
}

interface Lane {
  number: number;
  head: number | null;
}

function createClaim(context: StoreContext): Inbox['claim'] {
  const { commit, database, ids, fence, clock, running } = context;
  const take = createTake(context);
  const lane = database.statement(`SELECT ${sessionColumns} FROM sessions WHERE key = ?`);
  const begin = database.statement('INSERT INTO conversations (id, session) VALUES (?, ?)');
  const start = database.statement(
    "INSERT INTO turns (id, session, conversation, state, trace_id, messages, started_at_ms) VALUES (?, ?, ?, 'running', ?, ?, ?)",
  );
  const enter = database.statement(
    `UPDATE sessions SET turn = ?, latest = ?, conversation = ?, created_at_ms = ?, updated_at_ms = ?, head = ${newHead}
     WHERE number = ?`,
  );

  function converse(row: SessionRow, nowMs: number): number {
    if (row.conversation !== null) return row.conversation;
    row.conversation = ids.next();
    row.created_at_ms = nowMs;
    begin.run(row.conversation, row.number);
    return row.conversation;
  }

  return (sessionKey, { all, most }) =>
    commit.write(() => {
      const row = lane.get<SessionRow>(sessionKey);
      if (!row || row.turn !== null || row.head === null) return undefined;
      const nowMs = clock.now();
      const id = ids.next();
      fence.touch(id);
      const rows = take(row, id, all ? most : 1);
      const messages = rows.map((message) => message.id);
      const traceId = (rows[0] as QueuedRow).trace_id;
      const conversation = converse(row, nowMs);
      row.updated_at_ms = nowMs;
      start.run(id, row.number, conversation, traceId, JSON.stringify(messages), nowMs);
      enter.run(id, messages.at(-1) as number, conversation, row.created_at_ms, nowMs, row.number, row.number);
      running.remember({ id, session: row.number, conversation, key: row.key, traceId, messages });
      return claimed(row, { id, messages: rows.map(queuedMessageOf), startedAtMs: nowMs, deaths: 0 });
    });
}

/** A running turn with its session, as the gateway gets them. `row` must have a conversation, `messages` at least one. */
export function claimed(
  row: SessionRow,
  run: { id: number; messages: QueuedMessage[]; startedAtMs: number; deaths: number },
): { turn: Turn; session: Session } {
  const latest = run.messages.at(-1) as QueuedMessage;
  const session = sessionOf(row, latest);
  const turn = {
    id: idText('t', run.id),
    sessionKey: row.key,
    sessionId: session.id,
    agentId: row.agent_id,
    messages: run.messages,
    address: latest.address,
    startedAtMs: run.startedAtMs,
    deaths: run.deaths,
  };
  return { turn, session };
}

function createJoin(context: StoreContext): Inbox['join'] {
  const { commit, database, running } = context;
  const take = createTake(context);
  const lane = database.statement('SELECT number, head FROM sessions WHERE number = ?');
  const enter = database.statement(`UPDATE sessions SET latest = ?, head = ${newHead} WHERE number = ?`);
  const note = database.statement('UPDATE turns SET messages = ? WHERE id = ?');

  return (turnId) =>
    commit.write(() => {
      const turn = running.get(idNumber('t', turnId));
      const rows = take(lane.get<Lane>(turn.session) as Lane, turn.id, mostJoined);
      const latest = rows.at(-1);
      if (!latest) return [];
      enter.run(latest.id, turn.session, turn.session);
      turn.messages.push(...rows.map((row) => row.id));
      note.run(JSON.stringify(turn.messages), turn.id);
      return rows.map(queuedMessageOf);
    });
}

function createDrop({ commit, counters, database }: StoreContext): Inbox['dropQueued'] {
  const lane = database.statement('SELECT number FROM sessions WHERE key = ? AND head IS NOT NULL');
  const drop = database.statement(
    "UPDATE messages INDEXED BY messages_queued SET state = 'refused', reason = ? WHERE session = ? AND state = 'queued' AND command = 0",
  );
  const empty = database.statement('UPDATE sessions SET head = NULL WHERE number = ?');

  return (sessionKey, reason) =>
    commit.write(() => {
      const row = lane.get<{ number: number }>(sessionKey);
      if (!row) return 0;
      const dropped = drop.run(reason, row.number);
      empty.run(row.number);
      counters.add('message.queued', -dropped);
      counters.add('message.refused', dropped);
      return dropped;
    });
}
