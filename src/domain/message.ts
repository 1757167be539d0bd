/** What people send and what they are sent, with no platform in it. */

export type ChatKind = 'direct' | 'group' | 'channel';

export interface Chat {
  /** The platform's immutable id, as a string. */
  id: string;
  kind: ChatKind;
  title?: string;
  /** Topic or thread inside the chat. */
  threadId?: string;
}

export interface Sender {
  /** The platform's immutable id, as a string. The only thing that policy looks at. */
  id: string;
  /** What the person calls themself. Anyone can choose it: data, never identity. */
  name?: string;
  username?: string;
  isBot: boolean;
}

export type AttachmentKind = 'photo' | 'document' | 'voice' | 'audio' | 'video' | 'sticker';

/** A file that still lies with the platform. */
export interface Attachment {
  kind: AttachmentKind;
  /** What the channel needs to fetch it. Opaque to everyone else. */
  remoteId: string;
  fileName?: string;
  mimeType?: string;
  sizeBytes?: number;
  /** What stands for it in text, such as a sticker's emoji. */
  label?: string;
}

/** A file of an admitted message, on our disk. */
export interface StoredAttachment extends Attachment {
  /** Absolute path on the gateway's disk; server-chosen name. */
  path: string;
  sizeBytes: number;
}

export interface Quote {
  messageId: string;
  senderName?: string;
  text?: string;
}

/** `callback` is a pressed button, `membership` somebody added or removed the bot. */
export type InboundKind = 'message' | 'edited' | 'deleted' | 'callback' | 'reaction' | 'membership';

/** One thing that happened on a platform. Every kind goes through the same admission. */
export interface InboundEvent {
  channel: string;
  account: string;
  /** Unique for ever within channel and account; a second one with the same id is a repeat. */
  eventId: string;
  kind: InboundKind;
  chat: Chat;
  sender: Sender;
  /** The platform's id of the message that this is, or that it is about. */
  messageId?: string;
  /** Exactly what the person wrote (text or caption); empty where there is none. */
  text: string;
  attachments: Attachment[];
  replyTo?: Quote;
  forwardedFrom?: string;
  /** In a group: the bot was named, answered or commanded. Always true in a direct chat. */
  addressed: boolean;
  /** When the platform says it was sent, milliseconds since the epoch. */
  sentAtMs: number;
}

/** Where an answer goes. */
export interface Address {
  channel: string;
  account: string;
  chatId: string;
  threadId?: string;
  /** The message that is answered, where the channel shows such links. */
  replyToMessageId?: string;
}

/** A file that leaves: it lies in the session's artifact folder and nowhere else. */
export interface OutboundFile {
  path: string;
  fileName: string;
  mimeType: string;
  asPhoto: boolean;
}

/** One platform message: a text short enough for the channel, or one file. */
export interface OutboundPart {
  /** Markdown. */
  text: string;
  file?: OutboundFile;
  /** Offered as a menu below the text: each sends its `command` when chosen. */
  buttons?: { label: string; command: string }[];
}
