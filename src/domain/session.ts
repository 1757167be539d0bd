/** Conversations and what is written down of them. */
import type { AssistantPart, ThinkingLevel, ToolResultPart, Usage } from './model.ts';
import type { Address, Attachment, Chat, Quote, Sender, StoredAttachment } from './message.ts';

/**
 * A session key names a conversation and its lane: `agent:<agentId>:<rest>`.
 * It is never authorisation. Letters, digits and `:._@+-` only, at most 200 characters.
 */
export type SessionKey = string;

export interface Session {
  key: SessionKey;
  /** Changes with /new: history belongs to the id, settings to the key. */
  id: string;
  agentId: string;
  /** Where its latest message came from, so that the gateway can speak first. */
  address: Address;
  chat: Chat;
  createdAtMs: number;
  updatedAtMs: number;
  settings: SessionSettings;
  /** Of the current id. */
  totals: SessionTotals;
}

export interface SessionSettings {
  /** `provider/model-id` chosen with /model. */
  model?: string;
  thinking?: ThinkingLevel;
  usageFooter?: 'off' | 'tokens' | 'full';
  queueMode?: QueueMode;
}

export interface SessionTotals {
  inputTokens: number;
  outputTokens: number;
  /** Tokens of the latest request: what the context holds now. */
  contextTokens: number;
  costUsd: number;
  turns: number;
  compactions: number;
}

export type QueueMode = 'collect' | 'followup' | 'steer' | 'interrupt';

/** One line of a conversation. The journal of a running turn and the history are the same list. */
export type Entry =
  | UserEntry
  | AssistantEntry
  /** Written before the call takes effect. */
  | { kind: 'tool-begun'; callId: string; name: string; effect: 'read' | 'write' }
  | { kind: 'tool-result'; result: ToolResultPart }
  /** Everything before `keepFromSeq` is replaced by `summary` from here on. */
  | { kind: 'compaction'; summary: string; keepFromSeq: number; tokensBefore: number }
  /** Something that happened and that the model must know: stopped, interrupted, resumed. */
  /** `setsAside`: nothing else of its turn is shown to a model again. */
  | { kind: 'note'; text: string; setsAside?: true };

export interface UserEntry {
  kind: 'user';
  messageIds: string[];
  /** What the gateway knows of it, one line per message, before the person's own lines. */
  envelope: string;
  /** Exactly what was written. */
  text: string;
  attachments: StoredAttachment[];
  senderId: string;
}

export interface AssistantEntry {
  kind: 'assistant';
  parts: AssistantPart[];
  /** `provider/model-id` that answered. */
  model: string;
  finish: string;
  usage: Usage;
  costUsd?: number;
}

export interface StoredEntry {
  /** Ascending within a session id. */
  seq: number;
  turnId: string;
  atMs: number;
  entry: Entry;
}

export type TurnState = 'running' | 'done' | 'failed' | 'stopped' | 'quarantined';

/** One run of the agent over one or more queued messages of a lane. */
export interface Turn {
  id: string;
  sessionKey: SessionKey;
  sessionId: string;
  agentId: string;
  /** Its messages, oldest first. Each keeps its own principal. */
  messages: QueuedMessage[];
  address: Address;
  startedAtMs: number;
  /** How often the process died while it ran, without any progress in between. */
  deaths: number;
}

/** An admitted message as it waits in its lane. */
export interface QueuedMessage {
  id: string;
  /** The trace id of everything that comes of it. */
  traceId: string;
  sender: Sender;
  chat: Chat;
  address: Address;
  text: string;
  attachments: Attachment[];
  replyTo?: Quote;
  forwardedFrom?: string;
  sentAtMs: number;
  receivedAtMs: number;
  /** Set for a message that no person wrote (a schedule, an API client): shown to the model as such. */
  origin?: string;
}
