/**
 * Who may talk, and who asks to. The store says what was decided; only admission acts on it. Nothing is remembered outside the database:
 * what another process approves or revokes counts from the next message on.
 */
import { AppError } from '../domain/errors.ts';
import type { AllowedSender, PairingRequest, Pairings, PairingStart, Stranger } from '../domain/store.ts';
import type { StoreContext } from './context.ts';
import { matchingCode, newPairingCode } from './pairing-codes.ts';

const codeLifeMs = 60 * 60 * 1000;
const guessWindowMs = 60 * 60 * 1000;
const mostWrongGuesses = 10;

interface RequestRow {
  channel: string;
  account: string;
  sender_id: string;
  sender_name: string | null;
  first_text: string | null;
  code: string;
  rejected: number;
  created_at_ms: number;
  last_seen_at_ms: number;
  expires_at_ms: number;
}

interface AllowedRow {
  channel: string;
  account: string;
  sender_id: string;
  sender_name: string | null;
  approved_at_ms: number;
}

function requestOf(row: RequestRow): PairingRequest {
  return {
    channel: row.channel,
    account: row.account,
    senderId: row.sender_id,
    ...(row.sender_name === null ? {} : { senderName: row.sender_name }),
    ...(row.first_text === null ? {} : { firstText: row.first_text }),
    code: row.code,
    createdAtMs: row.created_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}

function allowedOf(row: AllowedRow): AllowedSender {
  return {
    channel: row.channel,
    account: row.account,
    senderId: row.sender_id,
    ...(row.sender_name === null ? {} : { senderName: row.sender_name }),
    approvedAtMs: row.approved_at_ms,
  };
}

export function createPairings(context: StoreContext): Pairings {
  const { commit, database } = context;
  const is = database.statement('SELECT 1 FROM allowed_senders WHERE channel = ? AND account = ? AND sender_id = ?');
  const allowed = database.statement(
    'SELECT * FROM allowed_senders WHERE channel = coalesce(?, channel) ORDER BY approved_at_ms DESC, sender_id',
  );
  return {
    isAllowed: (channel, account, senderId) => commit.read(() => is.get(channel, account, senderId) !== undefined),
    allowed: (channel) => commit.read(() => allowed.all<AllowedRow>(channel ?? null).map(allowedOf)),
    ...createRequests(context),
    ...createDecisions(context),
  };
}

/** A request counts for an hour, whichever way the clock jumps. */
const valid = 'rejected = 0 AND expires_at_ms > ? AND created_at_ms <= ? + 60000';

function createRequests({ commit, database, clock }: StoreContext): Pick<Pairings, 'start' | 'pending'> {
  const forget = database.statement(`DELETE FROM pairing_requests WHERE NOT (${valid}) AND rejected = 0`);
  const seen = database.statement(
    'UPDATE pairing_requests SET last_seen_at_ms = ? WHERE channel = ? AND account = ? AND sender_id = ? RETURNING *',
  );
  const waiting = database.statement(
    'SELECT count(*) AS n FROM pairing_requests WHERE channel = ? AND account = ? AND rejected = 0',
  );
  const insert = database.statement('INSERT INTO pairing_requests VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?) RETURNING *');
  const pending = database.statement(
    `SELECT * FROM pairing_requests WHERE ${valid} AND channel = coalesce(?, channel) ORDER BY created_at_ms DESC, sender_id`,
  );

  function start(stranger: Stranger, mostPending: number): PairingStart {
    const { channel, account, senderId, senderName, firstText } = stranger;
    const nowMs = clock.now();
    forget.run(nowMs, nowMs);
    const known = seen.get<RequestRow>(nowMs, channel, account, senderId);
    if (known) return { outcome: 'pending', request: requestOf(known) };
    if ((waiting.get<{ n: number }>(channel, account)?.n ?? 0) >= mostPending) return { outcome: 'full' };
    const words = [senderName ?? null, firstText ?? null, newPairingCode()] as const;
    const row = insert.get<RequestRow>(channel, account, senderId, ...words, nowMs, nowMs, nowMs + codeLifeMs) as RequestRow;
    return { outcome: 'created', request: requestOf(row) };
  }

  return {
    start: (stranger, mostPending) => commit.write(() => start(stranger, mostPending)),
    pending: (channel) => commit.read(() => pending.all<RequestRow>(clock.now(), clock.now(), channel ?? null).map(requestOf)),
  };
}

type Decisions = Pick<Pairings, 'approve' | 'reject' | 'allow' | 'revoke'>;

/** What only the owner does. Each resolves, or rejects, when its effect is on the disk: also a wrong guess is. */
function createDecisions({ commit, database, clock }: StoreContext): Decisions {
  const find = createCodeSearch(database, clock);
  const forget = database.statement('DELETE FROM pairing_requests WHERE channel = ? AND account = ? AND sender_id = ?');
  const reject = database.statement(
    'UPDATE pairing_requests SET rejected = 1 WHERE channel = ? AND account = ? AND sender_id = ?',
  );
  const remove = database.statement('DELETE FROM allowed_senders WHERE channel = ? AND account = ? AND sender_id = ?');
  const insert = database.statement(
    `INSERT INTO allowed_senders VALUES (?, ?, ?, ?, ?) ON CONFLICT (channel, account, sender_id)
     DO UPDATE SET sender_name = coalesce(excluded.sender_name, sender_name) RETURNING *`,
  );

  function allow(sender: Omit<AllowedSender, 'approvedAtMs'>): AllowedSender {
    const { channel, account, senderId, senderName } = sender;
    forget.run(channel, account, senderId);
    return allowedOf(insert.get<AllowedRow>(channel, account, senderId, senderName ?? null, clock.now()) as AllowedRow);
  }

  /** The effect is on the disk before the caller hears of it. An AppError is a result here, so that a wrong guess is kept. */
  async function decide<T>(work: () => T | AppError): Promise<T> {
    const result = await commit.write(work);
    await commit.durable();
    if (result instanceof AppError) throw result;
    return result;
  }

  return {
    approve: (channel, code) =>
      decide(() => {
        const request = find(channel, code);
        return request instanceof AppError ? request : allow(requestOf(request));
      }),
    reject: (channel, code) =>
      decide(() => {
        const request = find(channel, code);
        if (request instanceof AppError) return request;
        reject.run(request.channel, request.account, request.sender_id);
        return requestOf(request);
      }),
    allow: (sender) => decide(() => void allow(sender)),
    revoke: (channel, account, senderId) =>
      decide(() => {
        const forgotten = forget.run(channel, account, senderId);
        return remove.run(channel, account, senderId) + forgotten > 0;
      }),
  };
}

/** Finds a request by its code; a wrong code counts, and too many make every code refused for a while. */
function createCodeSearch(
  database: StoreContext['database'],
  clock: StoreContext['clock'],
): (channel: string, code: string) => RequestRow | AppError {
  const candidates = database.statement(`SELECT * FROM pairing_requests WHERE ${valid} AND channel = ?`);
  const clamp = database.statement('UPDATE pairing_guesses SET at_ms = ? WHERE at_ms > ?');
  const expire = database.statement('DELETE FROM pairing_guesses WHERE at_ms <= ?');
  const guesses = database.statement('SELECT count(*) AS n, min(at_ms) AS oldest FROM pairing_guesses');
  const note = database.statement('INSERT INTO pairing_guesses VALUES (?)');

  return (channel, code) => {
    const nowMs = clock.now();
    clamp.run(nowMs, nowMs);
    expire.run(nowMs - guessWindowMs);
    const { n, oldest } = guesses.get<{ n: number; oldest: number | null }>() as { n: number; oldest: number | null };
    if (n >= mostWrongGuesses) {
      const retryAfterMs = (oldest ?? nowMs) + guessWindowMs - nowMs;
      return new AppError('limit', 'Too many wrong pairing codes.', {
        hint: 'Wait, then take the code from the list.',
        retryAfterMs,
      });
    }
    const found = matchingCode(code, candidates.all<RequestRow>(nowMs, nowMs, channel));
    if (found) return found;
    note.run(nowMs);
    const hint = `openclaw pairing list ${channel} shows the codes that are valid.`;
    return new AppError('not_found', `No pending pairing request found for code: ${code.slice(0, 40)}`, { hint });
  };
}
