/** Lists messages for people. Each state is found through its own small index, so that a rare one is not searched among a million. */
import type { SessionKey } from '../domain/session.ts';
import type { Inbox, MessageState } from '../domain/store.ts';
import type { StoreContext } from './context.ts';
import { messageStates } from './counters.ts';
import { idNumber } from './ids.ts';
import { messageRowOf } from './message-rows.ts';
import type { ListedRow } from './message-rows.ts';
import type { Database } from './sqlite.ts';

/** Where the rows of a state stand: the index, and what its condition is. */
const places: Record<MessageState, readonly string[]> = {
  queued: [
    "INDEXED BY messages_queued WHERE state = 'queued' AND command = 0",
    "INDEXED BY messages_commands WHERE state = 'queued' AND command = 1",
  ],
  running: ["NOT INDEXED WHERE id IN (SELECT value FROM turns, json_each(turns.messages) WHERE turns.state = 'running')"],
  answered: ["NOT INDEXED WHERE state = 'answered'"],
  refused: ["INDEXED BY messages_unanswered WHERE state = 'refused'"],
  quarantined: ["INDEXED BY messages_unanswered WHERE state = 'quarantined'"],
};

const columns = `id, source, event_id, state, reason, sender_id, text, received_at_ms, turn, trace_id,
  (SELECT key FROM sessions WHERE number = session) AS session_key`;

interface Page {
  limit: number;
  before: number;
}

function ofStates(database: Database, states: readonly MessageState[], { limit, before }: Page): ListedRow[] {
  return states
    .flatMap((state) => places[state])
    .flatMap((place) =>
      database
        .statement(`SELECT ${columns} FROM messages ${place} AND id < ? ORDER BY id DESC LIMIT ?`)
        .all<ListedRow>(before, limit),
    )
    .toSorted((one, other) => other.id - one.id)
    .slice(0, limit);
}

function ofSession(database: Database, key: SessionKey, states: readonly MessageState[], { limit, before }: Page): ListedRow[] {
  return database
    .statement(
      `SELECT ${columns} FROM messages INDEXED BY messages_session
       WHERE session = (SELECT number FROM sessions WHERE key = ?) AND id < ? AND state IN (SELECT value FROM json_each(?))
       ORDER BY id DESC LIMIT ?`,
    )
    .all<ListedRow>(key, before, JSON.stringify(states), limit);
}

export function createMessageList({ commit, database, sources }: StoreContext): Inbox['list'] {
  return (filter) =>
    commit.read(() => {
      const states = messageStates.filter((state) => filter.states?.includes(state) ?? true);
      const before = filter.beforeId === undefined ? Number.MAX_SAFE_INTEGER : idNumber('m', filter.beforeId);
      const page = { limit: filter.limit, before };
      const rows =
        filter.sessionKey === undefined ? ofStates(database, states, page) : ofSession(database, filter.sessionKey, states, page);
      return rows.map((row) => messageRowOf(row, sources.nameOf(row.source)));
    });
}
