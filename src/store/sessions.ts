/** Sessions as people see them: history, settings, a fresh start, an end. Their lanes are in `lanes.ts`. */
import { AppError } from '../domain/errors.ts';
import type { Session, SessionKey } from '../domain/session.ts';
import type { Sessions } from '../domain/store.ts';
import type { StoreContext } from './context.ts';
import { idNumber } from './ids.ts';
import type { Detail } from './message-rows.ts';
import { sessionColumns, sessionOf } from './session-rows.ts';
import type { SessionRow } from './session-rows.ts';
import { createUsage } from './usage.ts';

type FullRow = SessionRow & { detail: string };

const withLatest = `SELECT ${sessionColumns}, messages.detail AS detail`;

function sessionOfRow(row: FullRow): Session {
  return sessionOf(row, JSON.parse(row.detail) as Detail);
}

export function createSessions(context: StoreContext): Sessions {
  const { commit, database } = context;
  const one = database.statement(
    `${withLatest} FROM sessions JOIN messages ON messages.id = sessions.latest WHERE sessions.key = ? AND sessions.conversation IS NOT NULL`,
  );
  const list = database.statement(
    `${withLatest} FROM
       (SELECT * FROM sessions WHERE conversation IS NOT NULL AND agent_id = coalesce(?, agent_id) AND updated_at_ms >= ?
        ORDER BY updated_at_ms DESC, number DESC LIMIT ?) AS sessions
     JOIN messages ON messages.id = sessions.latest ORDER BY sessions.updated_at_ms DESC, sessions.number DESC`,
  );

  const get = (key: SessionKey): Session | undefined => {
    const row = one.get<FullRow>(key);
    return row && sessionOfRow(row);
  };

  return {
    get: (key) => commit.read(() => get(key)),
    list: ({ limit, agentId, activeSinceMs }) =>
      commit.read(() => list.all<FullRow>(agentId ?? null, activeSinceMs ?? 0, limit).map(sessionOfRow)),
    ...createHistory(context),
    ...createChanges(context, get),
    ...createUsage(context),
    delete: createDelete(context),
  };
}

type History = Pick<Sessions, 'history' | 'transcript' | 'append'>;

function createHistory({ commit, database, journal }: StoreContext): History {
  const conversation = database.statement('SELECT id FROM conversations WHERE id = ?');
  return {
    history: (sessionId) => commit.readRemembered(() => journal.history(idNumber('s', sessionId))),
    transcript: (sessionId, { limit, beforeSeq }) =>
      commit.read(() => journal.page(idNumber('s', sessionId), limit, beforeSeq ?? Number.MAX_SAFE_INTEGER)),
    append: (sessionId, entry) =>
      commit.write(() => {
        const id = idNumber('s', sessionId);
        if (!conversation.get(id)) throw new AppError('not_found', 'There is no such session.');
        return journal.append(id, null, [entry])[0] as number;
      }),
  };
}

type Changes = Pick<Sessions, 'reset' | 'patch'>;
type LaneRow = { number: number; turn: number | null; conversation: number | null };

const fresh = 'input_tokens = 0, output_tokens = 0, context_tokens = 0, cost_usd = 0, turns = 0, compactions = 0';

function createChanges({ commit, database, ids, clock }: StoreContext, get: (key: SessionKey) => Session | undefined): Changes {
  const lane = database.statement('SELECT number, turn, conversation FROM sessions WHERE key = ?');
  const begin = database.statement('INSERT INTO conversations (id, session) VALUES (?, ?)');
  const enter = database.statement(
    `UPDATE sessions SET conversation = ?, created_at_ms = ?, updated_at_ms = ?, ${fresh} WHERE number = ?`,
  );
  const newest = database.statement(
    'UPDATE sessions SET latest = (SELECT max(id) FROM messages INDEXED BY messages_session WHERE session = ?) WHERE number = ?',
  );
  const patch = database.statement('UPDATE sessions SET settings = ?, updated_at_ms = ? WHERE key = ?');

  function converse(number: number): void {
    const conversation = ids.next();
    begin.run(conversation, number);
    enter.run(conversation, clock.now(), clock.now(), number);
  }

  return {
    reset: (key) =>
      commit.write(() => {
        const row = lane.get<LaneRow>(key);
        if (row?.conversation == null) return undefined;
        converse(row.number);
        return get(key);
      }),
    patch: (key, change) =>
      commit.write(() => {
        const row = lane.get<LaneRow>(key);
        if (row && row.conversation === null) {
          converse(row.number);
          newest.run(row.number, row.number);
        }
        const session = get(key);
        if (!session) return undefined;
        const settings = Object.entries({ ...session.settings, ...change }).filter(([, value]) => value !== null);
        patch.run(JSON.stringify(Object.fromEntries(settings)), clock.now(), key);
        return get(key);
      }),
  };
}

function createDelete({ commit, database, journal }: StoreContext): Sessions['delete'] {
  const lane = database.statement('SELECT number, turn, conversation FROM sessions WHERE key = ?');
  const steps = [
    'DELETE FROM entries WHERE conversation IN (SELECT id FROM conversations WHERE session = ?)',
    'UPDATE conversations SET compaction_seq = NULL, keep_from_seq = NULL WHERE session = ?',
    `UPDATE deliveries INDEXED BY deliveries_turn SET part = '{"text":""}'
     WHERE turn IN (SELECT turn FROM messages WHERE session = ?) AND state IN ('sent', 'failed', 'uncertain')`,
    "UPDATE messages INDEXED BY messages_session SET text = '', detail = NULL WHERE session = ? AND state <> 'queued'",
    `UPDATE sessions SET conversation = NULL, latest = NULL, settings = '{}', created_at_ms = 0, updated_at_ms = 0, ${fresh} WHERE number = ?`,
  ].map((sql) => database.statement(sql));

  return (key) =>
    commit.write(() => {
      const row = lane.get<LaneRow>(key);
      if (row?.conversation == null) return false;
      if (row.turn !== null)
        throw new AppError('conflict', 'A turn of this session runs.', { hint: 'Stop it first with /stop.' });
      for (const step of steps) step.run(row.number);
      journal.forget();
      return true;
    });
}
