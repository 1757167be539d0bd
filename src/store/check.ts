/** Looks whether the database is whole, and whether what it says fits together. Reads everything: never on the way of a message. */
import { messageOf } from '../domain/errors.ts';
import type { StoreCheck } from '../domain/store.ts';
import type { StoreContext } from './context.ts';
import { counterNames, deliveryStates, messageStates } from './counters.ts';

const list = (states: readonly string[]): string => states.map((state) => `'${state}'`).join(', ');

/** Each query counts what must not be. */
const invariants: Record<string, string> = {
  'messages in no known state': `SELECT count(*) AS n FROM messages WHERE state NOT IN (${list(messageStates)})`,
  'deliveries in no known state': `SELECT count(*) AS n FROM deliveries WHERE state NOT IN (${list(deliveryStates)})`,
  'turns in no known state': `SELECT count(*) AS n FROM turns WHERE state NOT IN ('running', 'done', 'failed', 'stopped', 'quarantined')`,
  'running turns without their messages': `
    SELECT count(*) AS n FROM turns WHERE state = 'running'
      AND (messages = '[]' OR EXISTS (SELECT 1 FROM json_each(turns.messages) AS one
        WHERE NOT EXISTS (SELECT 1 FROM messages WHERE messages.id = one.value AND messages.turn = turns.id AND messages.state = 'running')))`,
  'running messages without a running turn': `
    SELECT count(*) AS n FROM messages WHERE state = 'running'
      AND NOT EXISTS (SELECT 1 FROM turns WHERE turns.id = messages.turn AND turns.state = 'running' AND turns.session = messages.session
        AND messages.id IN (SELECT value FROM json_each(turns.messages)))`,
  'lanes whose running turn is another': `
    SELECT count(*) AS n FROM sessions
      WHERE turn IS NOT (SELECT max(id) FROM turns WHERE turns.session = sessions.number AND turns.state = 'running')`,
  'lanes with more than one running turn': `
    SELECT count(*) AS n FROM (SELECT 1 FROM turns WHERE state = 'running' GROUP BY session HAVING count(*) > 1)`,
  'lanes whose head is not what waits longest': `
    SELECT count(*) AS n FROM sessions WHERE head IS NOT
      (SELECT min(id) FROM messages WHERE messages.session = sessions.number AND messages.state = 'queued' AND messages.command = 0)`,
  'waiting messages without their content': `
    SELECT count(*) AS n FROM messages WHERE state IN ('queued', 'running') AND (session IS NULL OR detail IS NULL OR trace_id IS NULL)`,
  'entries without a conversation': `
    SELECT count(*) AS n FROM (SELECT DISTINCT conversation FROM entries) WHERE conversation NOT IN (SELECT id FROM conversations)`,
  'chats in which the wrong delivery may leave': `
    SELECT count(*) AS n FROM (
      SELECT first, row_number() OVER (PARTITION BY source, chat_id, thread_id ORDER BY place) AS at
      FROM deliveries WHERE state IN ('queued', 'sending') AND preview = 0)
    WHERE first <> (at = 1)`,
  'deliveries that left before their turn': `
    SELECT count(*) AS n FROM deliveries WHERE state = 'sending' AND first = 0 AND preview = 0`,
};

export function checkStore(context: StoreContext): StoreCheck {
  const looks = [damagedPages, brokenReferences, brokenInvariants, countersThatDiffer];
  const problems = looks.flatMap((look) => {
    try {
      return look(context);
    } catch (error) {
      // A damaged file may not even let itself be looked at.
      return [messageOf(error)];
    }
  });
  return { ok: problems.length === 0, problems };
}

function damagedPages({ database }: StoreContext): string[] {
  const rows = database.statement('PRAGMA integrity_check').all<{ integrity_check: string }>();
  return rows.map((row) => row.integrity_check).filter((line) => line !== 'ok');
}

function brokenReferences({ database }: StoreContext): string[] {
  const rows = database.statement('PRAGMA foreign_key_check').all<{ table: string; rowid: number; parent: string }>();
  return rows.map((row) => `${row.table} row ${row.rowid} names a row of ${row.parent} that is not there`);
}

function brokenInvariants({ database }: StoreContext): string[] {
  return Object.entries(invariants)
    .map(([name, sql]) => ({ name, found: database.statement(sql).get<{ n: number }>()?.n ?? 0 }))
    .filter(({ found }) => found > 0)
    .map(({ name, found }) => `${found} ${name}`);
}

function countersThatDiffer({ database, counters }: StoreContext): string[] {
  const counted = new Map(
    database
      .statement(
        `SELECT 'message.' || state AS name, count(*) AS n FROM messages GROUP BY state
         UNION ALL SELECT 'delivery.' || state, count(*) FROM deliveries GROUP BY state`,
      )
      .all<{ name: string; n: number }>()
      .map((row) => [row.name, row.n]),
  );
  const values = counters.values();
  return counterNames
    .filter((name) => values[name] !== (counted.get(name) ?? 0))
    .map((name) => `${name} is counted as ${values[name]}, and is ${counted.get(name) ?? 0}`);
}
