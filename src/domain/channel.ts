/**
 * A channel turns platform events into `InboundEvent`s and `OutboundPart`s into platform messages.
 * It never decides who may talk, keeps nothing on disk and knows nothing of sessions.
 */
import type * as z from 'zod/mini';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { Address, Attachment, InboundEvent, OutboundPart } from './message.ts';

/** What one poll brought. The cursor may be confirmed to the platform once `receive` has resolved, not before. */
export interface ReceivedBatch {
  events: InboundEvent[];
  /** Where to go on after this batch, e.g. Telegram's next offset. Stored together with the events. */
  cursor?: string;
}

export interface ChannelCapabilities {
  /** Longest text of one message, in UTF-16 code units of what `splitText` returns. */
  textLimit: number;
  /** A sent message can be changed: live preview is possible, and an edit is safe to repeat. */
  edits: boolean;
  /** The platform drops a second send with the same `dedupeKey`, so an uncertain send may be repeated. */
  detectsDuplicates: boolean;
  /** How a growing answer is shown where `edits`: not at all, as it grows, or paragraph by paragraph. Absent means `partial`. */
  preview?: 'off' | 'partial' | 'block';
  /** Which parts of an answer carry a link to the question, where the gateway wants one. Absent means `first`. */
  replyLinks?: 'off' | 'first' | 'all';
}

export interface SendOptions {
  /** Stable over retries and restarts. */
  dedupeKey: string;
  signal: AbortSignal;
}

export interface ChannelIdentity {
  /** The bot's own id and name on the platform. */
  id: string;
  name: string;
  /** Facts worth a warning to the owner, e.g. that the bot can read all group messages. */
  notes: string[];
}

export interface ChannelStatus {
  state: 'stopped' | 'starting' | 'running' | 'waiting' | 'failed';
  /** Why it waits or failed, for the owner; no secrets. */
  reason?: string;
  lastReceivedAtMs?: number;
  lastSentAtMs?: number;
}

export interface ChatCommandName {
  name: string;
  description: string;
}

export interface Channel {
  readonly id: string;
  readonly account: string;
  readonly capabilities: ChannelCapabilities;

  /**
   * Receives until `signal` aborts, then resolves. Network trouble, rate limits and rival pollers are waited out inside.
   * Rejects only with an AppError that waiting cannot mend (`denied`: the credential is refused).
   * @param receive resolves when the batch is on disk; rejects when it is not: then the same batch must come again.
   * @param cursor what the last stored batch carried.
   */
  run(receive: (batch: ReceivedBatch) => Promise<void>, cursor: string | undefined, signal: AbortSignal): Promise<void>;

  /** Asks the platform who we are. Rejects with AppError `denied` or `unavailable`. */
  probe(signal: AbortSignal): Promise<ChannelIdentity>;

  /** Cuts Markdown into pieces that each fit one message; code fences are closed and opened again. Pure. */
  splitText(markdown: string): string[];

  /**
   * Sends one part and returns the platform's message id.
   * Rejects with AppError `limit` (with `retryAfterMs`: certainly not sent), `invalid` or `denied` (certainly not sent, never will be),
   * or `unavailable`: `isCertainlyUnsent(error)` tells whether it may have been sent.
   */
  send(to: Address, part: OutboundPart, options: SendOptions): Promise<string>;

  /** Replaces the text of a sent message. Equal text counts as success. Present when `capabilities.edits`. */
  edit?(to: Address, messageId: string, part: OutboundPart, options: SendOptions): Promise<void>;

  /** Shows that an answer is being written. Must not throw; fire and forget. */
  typing?(to: Address): void;

  /** Puts a reaction to a message. Must not throw; fire and forget. */
  react?(to: Address, messageId: string, emoji: string): void;

  /** Streams an attachment to `path`. Rejects with AppError `limit` when it is larger than `maxBytes`. */
  fetchAttachment?(attachment: Attachment, path: string, maxBytes: number, signal: AbortSignal): Promise<{ sizeBytes: number }>;

  /**
   * Everything that the event caused is over: answered and delivered, refused, or failed. Called at least once for each event
   * that this process received, as early as during `receive`. Must not throw. For channels that hand in one event after the
   * other and end with the last answer, such as a pipe.
   */
  settled?(eventId: string): void;

  /** Shows something that is no part of an answer, such as a tool that ran. Must not throw; lost where it cannot be shown. */
  notice?(to: Address, text: string): void;

  /** Puts the chat commands into the platform's own menu. Must not throw. */
  setCommands?(commands: ChatCommandName[]): Promise<void>;

  status(): ChannelStatus;
}

export interface ChannelEdges {
  clock: Clock;
  log: Log;
}

/** What a channel's module brings. The value itself is light: what is heavy loads in `create`. */
export interface ChannelPlugin<Settings = unknown> {
  id: string;
  title: string;
  /** Strict schema of one account's settings, whose output is `Settings`. The keys of admission are the same for all channels and are added by `config/`. */
  settings: z.ZodMiniObject;
  create(account: string, settings: Settings, edges: ChannelEdges): Promise<Channel>;
}

const unsent = new WeakSet<object>();

/** Marks an error of `send` as one where the platform certainly has not taken the message. */
export function certainlyUnsent<E extends object>(error: E): E {
  unsent.add(error);
  return error;
}

export function isCertainlyUnsent(error: unknown): boolean {
  return typeof error === 'object' && error !== null && unsent.has(error);
}
