/**
 * How a turn begins: its messages become entries of the conversation, files fetched, before anything is asked of a model.
 * After a restart, what is in the journal already is not written again.
 */
import { attachmentDirOf } from '../agent/sandbox-files.ts';
import { userEntryOf } from '../agent/envelope.ts';
import type { SessionSandbox } from '../agent/parts.ts';
import type { Channel } from '../domain/channel.ts';
import type { QueuedMessage, StoredEntry, Turn, UserEntry } from '../domain/session.ts';
import type { Store } from '../domain/store.ts';
import { fetchAttachments } from './attachments.ts';
import type { AttachmentPlace } from './attachments.ts';
import { laneCommandOf } from './command-line.ts';

export interface OpeningParts {
  store: Pick<Store, 'sessions'>;
  channel: Channel | undefined;
  /** Asked for only when there are files. */
  sandbox(): Promise<SessionSandbox>;
  files: Omit<AttachmentPlace, 'sandboxDir'>;
}

export interface Opening {
  /** Entries to append. */
  entries: UserEntry[];
  /** /compact was among the messages: what the person wants kept, perhaps nothing. */
  compact?: string;
  /** /retry had nothing to repeat. */
  nothingToRetry: boolean;
}

export async function openingOf(turn: Turn, history: readonly StoredEntry[], parts: OpeningParts): Promise<Opening> {
  const opening: Opening = { entries: [], nothingToRetry: false };
  const written = await writtenMessages(turn, history, parts.store);
  for (const message of turn.messages) {
    const command = laneCommandOf(message.text);
    if (command?.name === 'compact') opening.compact = command.rest;
    else if (written.has(message.id)) continue;
    else if (command?.name === 'retry') retry(message, history, opening);
    else opening.entries.push(await entryOf(message, parts));
  }
  return opening;
}

export async function entryOf(message: QueuedMessage, parts: OpeningParts): Promise<UserEntry> {
  if (message.attachments.length === 0) return userEntryOf(message);
  const { facts } = await parts.sandbox();
  return userEntryOf(
    message,
    await fetchAttachments(message, parts.channel, { ...parts.files, sandboxDir: attachmentDirOf(facts) }),
  );
}

/** The person's last words once more, word for word. */
function retry(message: QueuedMessage, history: readonly StoredEntry[], opening: Opening): void {
  const last = history.findLast(({ entry }) => entry.kind === 'user')?.entry;
  if (last?.kind !== 'user') {
    opening.nothingToRetry = true;
    return;
  }
  const envelope = `${last.envelope}\n[asked again with /retry: the earlier answer was missing or not what was wanted]`;
  opening.entries.push({ ...last, envelope, messageIds: [message.id], senderId: message.sender.id });
}

const MOST_ENTRIES_OF_A_TURN = 1_000;

/** Ids of the turn's messages that are in the journal already: none, unless an earlier process began the turn. */
async function writtenMessages(
  turn: Turn,
  history: readonly StoredEntry[],
  store: Pick<Store, 'sessions'>,
): Promise<Set<string>> {
  let own = history.filter((stored) => stored.turnId === turn.id);
  if (own.some(({ entry }) => entry.kind === 'compaction')) {
    // The summary has replaced some of them in the history; the transcript still has all.
    const all = await store.sessions.transcript(turn.sessionId, { limit: MOST_ENTRIES_OF_A_TURN });
    own = all.filter((stored) => stored.turnId === turn.id);
  }
  return new Set(own.flatMap(({ entry }) => (entry.kind === 'user' ? entry.messageIds : [])));
}
