/**
 * Owns the Bot API's shapes, as far as this peer speaks them (https://core.telegram.org/bots/api#available-types).
 * Open at the end on purpose: a test may put any documented field into an update.
 */
export interface User {
  id: number;
  is_bot: boolean;
  first_name: string;
  last_name?: string;
  username?: string;
  language_code?: string;
}

export interface Chat {
  id: number;
  type: 'private' | 'group' | 'supergroup' | 'channel';
  title?: string;
  username?: string;
  first_name?: string;
  last_name?: string;
}

/** Offsets and lengths are in UTF-16 code units. */
export interface Entity {
  type: string;
  offset: number;
  length: number;
  url?: string;
  language?: string;
  custom_emoji_id?: string;
  user?: User;
}

export interface FileInfo {
  file_id: string;
  file_unique_id: string;
  file_size: number;
  [field: string]: unknown;
}

/** `date` is in Unix seconds. */
export interface Message {
  message_id: number;
  date: number;
  chat: Chat;
  from?: User;
  sender_chat?: Chat;
  text?: string;
  entities?: Entity[];
  caption?: string;
  caption_entities?: Entity[];
  photo?: FileInfo[];
  document?: FileInfo;
  voice?: FileInfo;
  sticker?: FileInfo;
  reply_to_message?: Message;
  edit_date?: number;
  reply_markup?: unknown;
  media_group_id?: string;
  [field: string]: unknown;
}

/** Exactly one field beside `update_id` is present. */
export interface Update {
  update_id: number;
  [kind: string]: unknown;
}

/** A file that a message carried, with the bytes as they came over the wire. */
export interface UploadedFile {
  field: string;
  name: string;
  type: string;
  bytes: Buffer;
}

/** What the bot sent, as it stands now. */
export interface SentMessage {
  messageId: number;
  chatId: number;
  method: string;
  /** Visible text or caption, after parsing and the last edit. */
  text: string;
  entities: Entity[];
  /** The parameters as received, of the sending call and not of its edits. */
  parameters: Record<string, unknown>;
  files: UploadedFile[];
  /** The visible texts before each edit, oldest first. */
  earlierTexts: string[];
  deleted: boolean;
  /** Milliseconds since the epoch. */
  at: number;
  message: Message;
}

/** One call as it came in. `status` is the HTTP status of the answer, 0 when none was sent. */
export interface Call {
  method: string;
  parameters: Record<string, unknown>;
  files: UploadedFile[];
  at: number;
  status: number;
}
