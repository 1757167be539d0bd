/**
 * The list of entries of each conversation: the journal of its running turn and its history in one.
 * Only ever appended to. All its verbs run inside a write or read of the caller.
 */
import type { Clock } from '../domain/clock.ts';
import type { Entry, StoredEntry } from '../domain/session.ts';
import { idText } from './ids.ts';
import { RecentHistories } from './recent-histories.ts';
import type { Database, Statement } from './sqlite.ts';

interface EntryRow {
  seq: number;
  turn: number | null;
  at_ms: number;
  body: string;
}

const columns = 'seq, turn, at_ms, body';

export class Journal {
  readonly #clock: Clock;
  /** The newest sequence numbers of conversations with a running turn. */
  readonly #seqs = new Map<number, number>();
  readonly #recent = new RecentHistories();
  readonly #last: Statement;
  readonly #insert: Statement;
  readonly #compacted: Statement;
  readonly #counted: Statement;
  readonly #compaction: Statement;
  readonly #entry: Statement;
  readonly #from: Statement;
  readonly #before: Statement;

  constructor(database: Database, clock: Clock) {
    this.#clock = clock;
    this.#last = database.statement('SELECT max(seq) AS seq FROM entries WHERE conversation = ?');
    this.#insert = database.statement('INSERT INTO entries (conversation, seq, turn, at_ms, body) VALUES (?, ?, ?, ?, ?)');
    this.#compacted = database.statement('UPDATE conversations SET compaction_seq = ?, keep_from_seq = ? WHERE id = ?');
    this.#counted = database.statement(
      'UPDATE sessions SET compactions = compactions + 1 WHERE conversation = ? AND number = (SELECT session FROM conversations WHERE id = ?)',
    );
    this.#compaction = database.statement('SELECT compaction_seq, keep_from_seq FROM conversations WHERE id = ?');
    this.#entry = database.statement(`SELECT ${columns} FROM entries WHERE conversation = ? AND seq = ?`);
    this.#from = database.statement(`SELECT ${columns} FROM entries WHERE conversation = ? AND seq >= ? ORDER BY seq`);
    this.#before = database.statement(
      `SELECT ${columns} FROM entries WHERE conversation = ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
    );
  }

  /** The newest sequence number; 0 before the first entry. */
  lastSeq(conversation: number): number {
    return this.#seqs.get(conversation) ?? this.#last.get<{ seq: number | null }>(conversation)?.seq ?? 0;
  }

  append(conversation: number, turn: number | null, entries: readonly Entry[]): number[] {
    if (entries.length === 0) return [];
    const atMs = this.#clock.now();
    let seq = this.lastSeq(conversation);
    const seqs = entries.map((entry) => {
      seq += 1;
      const row = { seq, turn, at_ms: atMs, body: JSON.stringify(entry) };
      this.#insert.run(conversation, seq, turn, atMs, row.body);
      if (entry.kind === 'compaction') this.#noteCompaction(conversation, seq, entry.keepFromSeq);
      else if (this.#recent.has(conversation)) this.#recent.add(conversation, entryOf(row), row.body.length);
      return seq;
    });
    if (turn !== null || this.#seqs.has(conversation)) this.#seqs.set(conversation, seq);
    return seqs;
  }

  /** Its turn has ended. */
  ended(conversation: number): void {
    this.#seqs.delete(conversation);
  }

  forget(): void {
    this.#seqs.clear();
    this.#recent.clear();
  }

  #noteCompaction(conversation: number, seq: number, keepFromSeq: number): void {
    this.#recent.drop(conversation);
    this.#compacted.run(seq, Math.min(keepFromSeq, seq + 1), conversation);
    this.#counted.run(conversation, conversation);
  }

  /** The last compaction, if any, then what it keeps. Older compactions are inside its summary. */
  history(conversation: number): StoredEntry[] {
    const recent = this.#recent.get(conversation);
    if (recent) return recent;
    const last = this.#compaction.get<{ compaction_seq: number | null; keep_from_seq: number | null }>(conversation);
    const kept = this.#from.all<EntryRow>(conversation, last?.keep_from_seq ?? 0);
    const compaction = last?.compaction_seq == null ? [] : this.#entry.all<EntryRow>(conversation, last.compaction_seq);
    const entries = [...compaction.map(entryOf), ...kept.map(entryOf).filter(({ entry }) => entry.kind !== 'compaction')];
    this.#recent.offer(
      conversation,
      entries,
      kept.reduce((sum, row) => sum + row.body.length, compaction[0]?.body.length ?? 0),
    );
    return entries;
  }

  /** The latest `limit` entries before `beforeSeq`, oldest first. */
  page(conversation: number, limit: number, beforeSeq: number): StoredEntry[] {
    return this.#before.all<EntryRow>(conversation, beforeSeq, limit).map(entryOf).toReversed();
  }
}

function entryOf(row: EntryRow): StoredEntry {
  return {
    seq: row.seq,
    turnId: row.turn === null ? '' : idText('t', row.turn),
    atMs: row.at_ms,
    entry: JSON.parse(row.body) as Entry,
  };
}
