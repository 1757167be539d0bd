/** Fills a store's file with finished messages, faster than the store itself would. Knows the tables of version 1. */
import { DatabaseSync } from 'node:sqlite';

const idOf = (n: string): string => `(1000000000000000 + (${n}) * 4096)`;

export function fill(path: string, { messages, sessions }: { messages: number; sessions: number }): void {
  const database = new DatabaseSync(path);
  const numbers = (count: number): string =>
    `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})`;
  const answer = JSON.stringify({
    kind: 'assistant',
    parts: [{ type: 'text', text: 'An answer of the usual length. '.repeat(12) }],
  });
  const detail = (session: string): string =>
    `'{"sender":{"id":"' || ${session} || '","name":"Ada Lovelace","isBot":false},"chat":{"id":"' || ${session} || '","kind":"direct"},"address":{"channel":"telegram","account":"default","chatId":"' || ${session} || '"}}'`;
  const session = `(n % ${sessions} + 1)`;
  database.exec(`
    PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -200000;
    BEGIN;
    INSERT INTO sources (number, channel, account) VALUES (1, 'telegram', 'default');
    ${numbers(sessions)} INSERT INTO sessions (number, key, agent_id, conversation, latest, created_at_ms, updated_at_ms)
      SELECT n, 'agent:main:telegram:default:direct:' || (99999 + n), 'main', ${idOf('n')}, ${idOf(`${messages} - ${sessions} + n`)}, n, n FROM numbers;
    ${numbers(sessions)} INSERT INTO conversations (id, session) SELECT ${idOf('n')}, n FROM numbers;
    ${numbers(messages)} INSERT INTO messages (id, source, event_id, state, command, session, turn, sender_id, chat_id, message_id, trace_id, sent_at_ms, received_at_ms, text, detail)
      SELECT ${idOf('n')}, 1, cast(7000000000 + n AS TEXT), 'answered', 0, ${session}, ${idOf('n')} + 1, cast(99999 + ${session} AS TEXT), cast(99999 + ${session} AS TEXT),
        cast(n AS TEXT), 'trace-' || n, n, n, 'Message ' || n || ': please look into the notes and tell me what is open today.', ${detail(`(99999 + ${session})`)} FROM numbers;
    ${numbers(messages)} INSERT INTO turns (id, session, conversation, state, trace_id, messages, started_at_ms, ended_at_ms)
      SELECT ${idOf('n')} + 1, ${session}, ${idOf(session)}, 'done', 'trace-' || n, '[]', n, n FROM numbers;
    ${numbers(messages)} INSERT INTO entries (conversation, seq, turn, at_ms, body)
      SELECT ${idOf(`(n - 1) / (${messages} / ${sessions}) + 1`)}, 2 * ((n - 1) % (${messages} / ${sessions})) + 1, ${idOf('n')} + 1, n,
        '{"kind":"user","messageIds":[],"envelope":"","text":"Message ' || n || ': please look into the notes.","attachments":[],"senderId":"1"}' FROM numbers;
    ${numbers(messages)} INSERT INTO entries (conversation, seq, turn, at_ms, body)
      SELECT ${idOf(`(n - 1) / (${messages} / ${sessions}) + 1`)}, 2 * ((n - 1) % (${messages} / ${sessions})) + 2, ${idOf('n')} + 1, n, '${answer}' FROM numbers;
    ${numbers(messages)} INSERT INTO deliveries (id, place, source, chat_id, thread_id, state, first, preview, attempts, part_index, turn, session_key, trace_id, remote_id, created_at_ms, part)
      SELECT ${idOf('n')} + 2, ${idOf('n')} + 2, 1, cast(99999 + ${session} AS TEXT), '', 'sent', 1, 0, 1, 0, ${idOf('n')} + 1, 'agent:main:telegram:default:direct:' || (99999 + ${session}),
        'trace-' || n, cast(n AS TEXT), n, '{"text":"${'An answer of the usual length. '.repeat(12)}"}' FROM numbers;
    INSERT INTO counters VALUES ('message.answered', ${messages}), ('delivery.sent', ${messages});
    COMMIT;
    PRAGMA wal_checkpoint(TRUNCATE);
  `);
  database.close();
}
