/**
 * The tables, as version 1 creates them. Never edited after a release: a change is a further migration.
 *
 * Ids are integers that ascend with time (`ids.ts`), so that new rows go to the right edge of their table. Indexes cover only
 * what is open (waiting, running, on its way): a million finished messages cost nothing. No CHECK of a state: SQLite builds
 * a table for each `IN` at every write, a tenth of a message's cost; `check.ts` looks instead.
 */

/** One account of one channel, and where its poll goes on. */
const sources = `
CREATE TABLE sources (
  number INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  account TEXT NOT NULL,
  cursor TEXT,
  UNIQUE (channel, account)
) STRICT;`;

/**
 * One row per session key: the lane, and the session once its first turn has begun.
 * `head` is the message that waits longest, `turn` the one that runs, `latest` the message claimed last (its address is the session's),
 * `conversation` the current id.
 */
const sessions = `
CREATE TABLE sessions (
  number INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  agent_id TEXT NOT NULL,
  head INTEGER,
  turn INTEGER,
  latest INTEGER,
  conversation INTEGER,
  settings TEXT NOT NULL DEFAULT '{}',
  created_at_ms INTEGER NOT NULL DEFAULT 0,
  updated_at_ms INTEGER NOT NULL DEFAULT 0,
  input_tokens INTEGER NOT NULL DEFAULT 0,
  output_tokens INTEGER NOT NULL DEFAULT 0,
  context_tokens INTEGER NOT NULL DEFAULT 0,
  cost_usd REAL NOT NULL DEFAULT 0,
  turns INTEGER NOT NULL DEFAULT 0,
  compactions INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX sessions_ready ON sessions (head) WHERE head IS NOT NULL AND turn IS NULL;

CREATE TABLE conversations (
  id INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES sessions (number),
  compaction_seq INTEGER,
  keep_from_seq INTEGER
) STRICT;
CREATE INDEX conversations_session ON conversations (session);`;

/** Everything that was received. `detail` is what only the turn needs, as JSON; a refused message keeps none. */
const messages = `
CREATE TABLE messages (
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL REFERENCES sources (number),
  event_id TEXT NOT NULL,
  state TEXT NOT NULL,
  command INTEGER NOT NULL,
  session INTEGER REFERENCES sessions (number),
  turn INTEGER,
  sender_id TEXT NOT NULL,
  chat_id TEXT NOT NULL,
  message_id TEXT,
  trace_id TEXT,
  sent_at_ms INTEGER NOT NULL,
  received_at_ms INTEGER NOT NULL,
  reason TEXT,
  text TEXT NOT NULL,
  detail TEXT
) STRICT;
CREATE UNIQUE INDEX messages_event ON messages (source, event_id);
CREATE INDEX messages_session ON messages (session, id) WHERE session IS NOT NULL;
CREATE INDEX messages_queued ON messages (session, id) WHERE state = 'queued' AND command = 0;
CREATE INDEX messages_editable ON messages (chat_id, message_id) WHERE state = 'queued' AND command = 0;
CREATE INDEX messages_commands ON messages (id) WHERE state = 'queued' AND command = 1;
CREATE INDEX messages_unanswered ON messages (state, id) WHERE state = 'refused' OR state = 'quarantined';`;

/** Runs of the agent with the ids of their messages (a JSON list), and the journal: one list of entries per conversation, in one place on the disk. */
const turns = `
CREATE TABLE turns (
  id INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES sessions (number),
  conversation INTEGER NOT NULL REFERENCES conversations (id),
  state TEXT NOT NULL,
  reason TEXT,
  trace_id TEXT NOT NULL,
  messages TEXT NOT NULL,
  started_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER,
  deaths INTEGER NOT NULL DEFAULT 0,
  seen_seq INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX turns_running ON turns (id) WHERE state = 'running';

CREATE TABLE entries (
  conversation INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  turn INTEGER,
  at_ms INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;`;

/**
 * What leaves. `place` is the order within a chat; `first` marks the open delivery of a chat that may go, so that finding what is due
 * never looks at what waits behind it. An open preview has no place in that order.
 */
const deliveries = `
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY,
  place INTEGER NOT NULL,
  source INTEGER NOT NULL REFERENCES sources (number),
  chat_id TEXT NOT NULL,
  thread_id TEXT NOT NULL,
  reply_to TEXT,
  state TEXT NOT NULL,
  first INTEGER NOT NULL,
  preview INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  not_before_ms INTEGER NOT NULL DEFAULT 0,
  repeat INTEGER NOT NULL DEFAULT 0,
  part_index INTEGER NOT NULL,
  turn INTEGER,
  session_key TEXT,
  trace_id TEXT,
  remote_id TEXT,
  created_at_ms INTEGER NOT NULL,
  reason TEXT,
  part TEXT NOT NULL
) STRICT;
CREATE INDEX deliveries_open ON deliveries (source, chat_id, thread_id, place) WHERE state = 'queued' OR state = 'sending';
CREATE INDEX deliveries_due ON deliveries (not_before_ms, place) WHERE state = 'queued' AND first = 1;
CREATE INDEX deliveries_turn ON deliveries (turn) WHERE turn IS NOT NULL;
CREATE INDEX deliveries_unsent ON deliveries (state, id) WHERE state = 'failed' OR state = 'uncertain';`;

/** Strangers and those who were let in. `pairing_guesses` holds the wrong codes of the last hour. */
const pairings = `
CREATE TABLE pairing_requests (
  channel TEXT NOT NULL,
  account TEXT NOT NULL,
  sender_id TEXT NOT NULL,
  sender_name TEXT,
  first_text TEXT,
  code TEXT NOT NULL,
  rejected INTEGER NOT NULL DEFAULT 0,
  created_at_ms INTEGER NOT NULL,
  last_seen_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  PRIMARY KEY (channel, account, sender_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE allowed_senders (
  channel TEXT NOT NULL,
  account TEXT NOT NULL,
  sender_id TEXT NOT NULL,
  sender_name TEXT,
  approved_at_ms INTEGER NOT NULL,
  PRIMARY KEY (channel, account, sender_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE pairing_guesses (at_ms INTEGER NOT NULL) STRICT;`;

/** Small facts, exact counters (written with the commit that changes them), and usage by UTC day. */
const figures = `
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE usage_days (
  day TEXT NOT NULL,
  sender_id TEXT NOT NULL,
  session_key TEXT NOT NULL,
  model TEXT NOT NULL,
  calls INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  PRIMARY KEY (day, sender_id, session_key, model)
) STRICT, WITHOUT ROWID;`;

export const version1 = [sources, sessions, messages, turns, deliveries, pairings, figures].join('\n');
