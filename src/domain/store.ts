/**
 * What is kept, and the promise about it. Narrow on purpose: one embedded SQLite file implements it today,
 * a shared PostgreSQL can later. Every verb is atomic.
 *
 * Visibility and durability are two things: a verb's promise resolves when later verbs see its effect;
 * `durable()` resolves when everything visible so far survives SIGKILL and power loss. Whoever is about to do something
 * that the world can see awaits `durable()` first, right after the verb. Verbs called in one turn of the event loop share one commit.
 *
 * Where a commit is lost (disk full or failing), all its verbs are undone, every `durable()` that waits for it rejects `unavailable`,
 * and the store goes on from what is on disk. Turns that lost an entry are fenced: their verbs reject `unavailable` until
 * `turns.interrupted()` has handed them out again. What `outbox.sent`, `retry`, `fail`, `resendMarked` and
 * `previewShown` told is written again by itself with the next commit, because it happened.
 *
 * Rejections: AppError `conflict` (another gateway holds the state), `unavailable` (disk full or failing, or closed), `not_found`.
 * Lists are newest first unless they say otherwise.
 */
import type { Address, InboundEvent, OutboundPart } from './message.ts';
import type { Entry, QueuedMessage, Session, SessionKey, SessionSettings, StoredEntry, Turn, TurnState } from './session.ts';
import type { Usage } from './model.ts';

/** What admission decided of one event; see `gateway/admission.ts`. */
export type Admission =
  /** Goes to a lane. */
  | {
      outcome: 'queue';
      sessionKey: SessionKey;
      agentId: string;
      address: Address;
      text: string;
      traceId: string;
      origin?: string;
    }
  /** A chat command, done beside the lane. It counts as answered when its reply is stored. */
  | { outcome: 'command'; sessionKey: SessionKey; agentId: string; address: Address; text: string; traceId: string }
  /** Never answered by the agent; `reply` is the one answer that a stranger gets: it is queued in the outbox, `takeDue` brings it. */
  | { outcome: 'refuse'; reason: string; reply?: OutboundPart; address: Address };

export interface AdmittedEvent {
  event: InboundEvent;
  admission: Admission;
}

export interface ReceiveResult {
  /** Ids of what was new and queued, in order, with their lanes. */
  queued: { id: string; sessionKey: SessionKey }[];
  /** Commands that are new. */
  commands: QueuedCommand[];
  /** How many were repeats of what was stored already. */
  repeats: number;
}

export interface QueuedCommand {
  message: QueuedMessage;
  sessionKey: SessionKey;
  agentId: string;
}

export type MessageState = 'queued' | 'running' | 'answered' | 'refused' | 'quarantined';

export interface MessageRow {
  id: string;
  channel: string;
  account: string;
  eventId: string;
  state: MessageState;
  /** Why it was refused or quarantined. */
  reason?: string;
  sessionKey?: SessionKey;
  senderId: string;
  text: string;
  receivedAtMs: number;
  turnId?: string;
  traceId: string;
}

export interface Inbox {
  /** Stores a batch with its cursor: all or nothing. A known `eventId` is skipped. */
  receive(batch: { channel: string; account: string; cursor?: string; events: AdmittedEvent[] }): Promise<ReceiveResult>;
  cursor(channel: string, account: string): Promise<string | undefined>;
  /** Lanes that have queued messages and no running turn, the longest-waiting first, with the sender of the message that waits longest. */
  readyLanes(limit: number): Promise<{ sessionKey: SessionKey; senderId: string }[]>;
  /**
   * Takes the next message of a lane (`all`: every queued one, up to `most`), starts a turn with them and creates the session if need be.
   * Undefined when nothing is queued or a turn of the lane runs.
   */
  claim(sessionKey: SessionKey, take: { all: boolean; most: number }): Promise<{ turn: Turn; session: Session } | undefined>;
  /** Adds the lane's queued messages to a running turn (steering), up to 100 at once; returns them. */
  join(turnId: string): Promise<QueuedMessage[]>;
  /** Drops a lane's queued messages as refused with this reason; returns how many. */
  dropQueued(sessionKey: SessionKey, reason: string): Promise<number>;
  /** An edit of a message that still waits changes its text, a deletion refuses it; false when it is too late. */
  amend(
    channel: string,
    account: string,
    chatId: string,
    messageId: string,
    change: { text: string } | { deleted: true },
  ): Promise<boolean>;
  /** The command counts as answered. Returns what the caller sends now, as `Turns.finish` does. */
  commandDone(messageId: string, replies: NewDelivery[]): Promise<Delivery[]>;
  /** Commands stored but not done when the process died. */
  unfinishedCommands(): Promise<QueuedCommand[]>;
  counts(): Promise<Record<MessageState, number>>;
  list(filter: { states?: MessageState[]; sessionKey?: SessionKey; limit: number; beforeId?: string }): Promise<MessageRow[]>;
}

export interface TurnEnd {
  state: Exclude<TurnState, 'running'>;
  reason?: string;
  /** Last entries, written with the end. */
  entries: Entry[];
  deliveries: NewDelivery[];
}

export interface Turns {
  /** Appends to the journal of a running turn; returns the sequence numbers. */
  append(turnId: string, entries: Entry[]): Promise<number[]>;
  /**
   * Ends a turn; the replies stand in the outbox. Its messages become `answered` (`done`, or any end that brings a delivery),
   * `quarantined`, or else `refused` with the reason.
   * Returns the deliveries that the caller sends now, already marked `sending`: at most one per chat, and none where an earlier delivery
   * of the chat is still open. The others follow through `takeDue` once their turn has come.
   */
  finish(turnId: string, end: TurnEnd): Promise<Delivery[]>;
  /**
   * At start: turns that ran when the process died, oldest first, with `deaths` counted up
   * (set back to 1 where the turn had made progress, an entry other than a note, since the death before).
   * Called again later: only the turns that a lost commit has fenced, with nothing counted; they may go on from their last entry.
   */
  interrupted(): Promise<{ turn: Turn; session: Session }[]>;
}

export type SessionSettingsChange = { [Name in keyof SessionSettings]?: SessionSettings[Name] | null };

export interface Sessions {
  get(key: SessionKey): Promise<Session | undefined>;
  list(filter: { limit: number; agentId?: string; activeSinceMs?: number }): Promise<Session[]>;
  /** Entries of the current id since the last compaction (from its `keepFromSeq` on, the compaction entry first), oldest first. */
  history(sessionId: string): Promise<StoredEntry[]>;
  /** All entries, for people: the latest `limit` before `beforeSeq`, oldest first. */
  transcript(sessionId: string, page: { limit: number; beforeSeq?: number }): Promise<StoredEntry[]>;
  /** Adds an entry outside a turn (a compaction, a note). */
  append(sessionId: string, entry: Entry): Promise<number>;
  /** A new id under the same key: the history starts empty. Returns the new session. */
  reset(key: SessionKey): Promise<Session | undefined>;
  /** Changes the named settings; null clears one. Begins the session where so far only messages of the key were received. */
  patch(key: SessionKey, change: SessionSettingsChange): Promise<Session | undefined>;
  addUsage(use: UsageRecord): Promise<void>;
  /** Totals by UTC day, from the day of `sinceMs` on, oldest first. */
  usage(filter: { sinceMs: number; sessionKey?: SessionKey; senderId?: string }): Promise<UsageTotal[]>;
  /**
   * Forgets what was said: all histories of the key, its settings, the texts of its finished messages and replies.
   * What waits keeps waiting; counts and usage stay. AppError `conflict` while a turn runs.
   */
  delete(key: SessionKey): Promise<boolean>;
}

export interface UsageRecord {
  sessionKey: SessionKey;
  sessionId: string;
  turnId: string;
  senderId: string;
  channel: string;
  /** `provider/model-id`. */
  model: string;
  usage: Usage;
  costUsd?: number;
  atMs: number;
}

export interface UsageTotal {
  /** UTC day, `YYYY-MM-DD`. */
  day: string;
  model: string;
  sessionKey: SessionKey;
  senderId: string;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  costUsd: number;
}

/**
 * - `queued`    waits (also until `notBeforeMs`)
 * - `sending`   written down before the call; after a crash its fate is unknown
 * - `sent`      the platform answered
 * - `failed`    certainly not sent and never will be; told to the owner
 * - `uncertain` may have been sent; not sent again
 */
export type DeliveryState = 'queued' | 'sending' | 'sent' | 'failed' | 'uncertain';

export interface NewDelivery {
  to: Address;
  part: OutboundPart;
  /** 0-based place within its reply; parts of one chat leave in order. */
  index: number;
  turnId?: string;
  sessionKey?: SessionKey;
  /** A live preview is being shown in this message: deliver by editing it. */
  remoteId?: string;
}

export interface Delivery extends NewDelivery {
  id: string;
  state: DeliveryState;
  attempts: number;
  notBeforeMs: number;
  /** It is sent although an earlier attempt may have arrived: shown to the person as a possible repeat. */
  markedRepeat: boolean;
  /** Trace id of the message that it answers. */
  traceId?: string;
}

export interface Outbox {
  /** Adds deliveries outside a turn's end. With `sendNow` returns what the caller sends now, as `Turns.finish` does; else all, `queued`. */
  add(deliveries: NewDelivery[], sendNow: boolean): Promise<Delivery[]>;
  /**
   * Marks what is due as `sending` and returns it, the longest due first; at most one per chat, and none of a chat of which an earlier
   * one is `sending` or waits (order). Worth a call after each `sent` and `fail`: that may let the chat's next one go.
   */
  takeDue(nowMs: number, limit: number): Promise<Delivery[]>;
  sent(id: string, remoteId: string): Promise<void>;
  /** Back to `queued`: the platform certainly has not got it. */
  retry(id: string, notBeforeMs: number, reason: string): Promise<void>;
  fail(id: string, state: 'failed' | 'uncertain', reason: string): Promise<void>;
  /**
   * The preview of a running turn: a `sending` delivery with no text yet, finished by `Turns.finish` through `remoteId`.
   * It holds up nothing else of its chat. One that the turn's end does not take up is closed: `sent` when shown, else `uncertain`.
   * Undefined while an earlier delivery of the chat is open: the reply, finished in this place, would stand before it.
   */
  openPreview(turnId: string, to: Address): Promise<Delivery | undefined>;
  previewShown(id: string, remoteId: string): Promise<void>;
  /** The open preview of a turn, if any; used after a crash. */
  preview(turnId: string): Promise<Delivery | undefined>;
  /** Called once at start: what was `sending` when the process died. */
  interrupted(): Promise<Delivery[]>;
  /** Requeues a delivery of unknown fate as a marked repeat, due at once unless told. */
  resendMarked(id: string, notBeforeMs?: number): Promise<void>;
  /** When `takeDue` brings something next (in the past: now); undefined when nothing waits or all waits behind what is `sending`. */
  nextDueMs(): Promise<number | undefined>;
  list(filter: { states?: DeliveryState[]; limit: number }): Promise<(Delivery & { reason?: string; createdAtMs: number })[]>;
  counts(): Promise<Record<DeliveryState, number>>;
}

export interface PairingRequest {
  channel: string;
  account: string;
  senderId: string;
  senderName?: string;
  /** First words that the stranger wrote, for the owner to recognise them. Data. */
  firstText?: string;
  code: string;
  createdAtMs: number;
  /** When the stranger last wrote. */
  lastSeenAtMs: number;
  expiresAtMs: number;
}

export interface AllowedSender {
  channel: string;
  account: string;
  senderId: string;
  senderName?: string;
  approvedAtMs: number;
}

export type Stranger = Pick<PairingRequest, 'channel' | 'account' | 'senderId' | 'senderName' | 'firstText'>;

export type PairingStart =
  | { outcome: 'created'; request: PairingRequest }
  /** This stranger has been answered already, or was rejected. */
  | { outcome: 'pending'; request: PairingRequest }
  /** Too many wait. */
  | { outcome: 'full' };

/** `approve`, `reject`, `allow` and `revoke` resolve when their effect is durable. */
export interface Pairings {
  /** Hot path: answered from memory or one index look-up. Sees what another process approved within a second. */
  isAllowed(channel: string, account: string, senderId: string): Promise<boolean>;
  start(stranger: Stranger, mostPending: number): Promise<PairingStart>;
  pending(channel?: string): Promise<PairingRequest[]>;
  /** By code, case-insensitive. AppError `not_found`; `limit` after too many wrong codes. */
  approve(channel: string, code: string): Promise<AllowedSender>;
  /** The stranger gets no further code until `allow` or `revoke` names them. Errors as `approve`. */
  reject(channel: string, code: string): Promise<PairingRequest>;
  allow(sender: Omit<AllowedSender, 'approvedAtMs'>): Promise<void>;
  allowed(channel?: string): Promise<AllowedSender[]>;
  /** Forgets a sender, allowed or rejected; false when there is nothing to forget. */
  revoke(channel: string, account: string, senderId: string): Promise<boolean>;
}

export interface StoreCheck {
  ok: boolean;
  /** One line each. */
  problems: string[];
}

export interface Store {
  readonly inbox: Inbox;
  readonly turns: Turns;
  readonly sessions: Sessions;
  readonly outbox: Outbox;
  readonly pairings: Pairings;
  /** Small facts of the gateway itself (instance id, last run). */
  getFact(name: string): Promise<string | undefined>;
  setFact(name: string, value: string): Promise<void>;
  durable(): Promise<void>;
  /** Integrity of the database and of what it says; takes seconds, and the event loop with it. */
  check(): Promise<StoreCheck>;
  /** A consistent copy of the live state into one new file, mode 0600. AppError `conflict` where it exists. */
  copyTo(path: string): Promise<void>;
  close(): Promise<void>;
}
