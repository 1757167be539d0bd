/**
 * What the gateway tells the model about a message: lines in square brackets, before the person's own text.
 * Everything in it that a person can choose (names, titles, file names, quotes) is cleaned, so that it can neither
 * end the line nor look like one of the gateway's own. The person's text itself is never changed.
 */
import type { Attachment, StoredAttachment } from '../domain/message.ts';
import type { QueuedMessage, UserEntry } from '../domain/session.ts';

const LABEL_CHARS = 64;
const QUOTE_CHARS = 300;

/** What became of an attachment: kept as a file, or why not. */
export type AttachmentFate = { stored: StoredAttachment; sandboxPath: string } | { attachment: Attachment; reason: string };

/** The entry that a message becomes in the conversation. */
export function userEntryOf(message: QueuedMessage, fates: readonly AttachmentFate[] = []): UserEntry {
  return {
    kind: 'user',
    messageIds: [message.id],
    envelope: envelopeOf(message, fates),
    text: message.text,
    attachments: fates.flatMap((fate) => ('stored' in fate ? [fate.stored] : [])),
    senderId: message.sender.id,
  };
}

export function envelopeOf(message: QueuedMessage, fates: readonly AttachmentFate[] = []): string {
  const lines = [headLine(message)];
  if (message.origin !== undefined) lines.push(`[origin: ${label(message.origin)}; no person wrote this]`);
  if (message.forwardedFrom !== undefined)
    lines.push(`[forwarded from "${label(message.forwardedFrom)}"; not the sender's own words]`);
  if (message.replyTo) lines.push(quoteLine(message.replyTo));
  fates.forEach((fate, index) => lines.push(attachmentLine(fate, index + 1)));
  return lines.join('\n');
}

function headLine(message: QueuedMessage): string {
  const { sender, chat, address } = message;
  const place =
    chat.kind === 'direct'
      ? address.channel
      : `${address.channel} ${chat.kind} "${label(chat.title ?? '')}" id:${label(chat.id)}`;
  const username = sender.username === undefined ? '' : ` @${label(sender.username)}`;
  const bot = sender.isBot ? ' (a bot)' : '';
  const messageId = address.replyToMessageId === undefined ? '' : ` | message ${label(address.replyToMessageId)}`;
  return `[${place} | from "${label(sender.name ?? '')}"${username} id:${label(sender.id)}${bot} | ${utcMinute(message.sentAtMs)}${messageId}]`;
}

function quoteLine(quote: NonNullable<QueuedMessage['replyTo']>): string {
  const who = quote.senderName === undefined ? '' : ` by "${label(quote.senderName)}"`;
  const what = quote.text === undefined ? '' : `: "${label(quote.text, QUOTE_CHARS)}"`;
  return `[in reply to message ${label(quote.messageId)}${who}${what}]`;
}

function attachmentLine(fate: AttachmentFate, place: number): string {
  const of = 'stored' in fate ? fate.stored : fate.attachment;
  const facts = [
    `[attachment ${place}: ${of.kind}`,
    ...(of.label === undefined ? [] : [` "${label(of.label)}"`]),
    ...(of.fileName === undefined ? [] : [` "${label(of.fileName)}"`]),
    ...(of.mimeType === undefined ? [] : [`, ${label(of.mimeType)}`]),
    ...(of.sizeBytes === undefined ? [] : [`, ${of.sizeBytes} bytes`]),
    'stored' in fate ? `, at ${fate.sandboxPath}` : `, not available: ${label(fate.reason)}`,
  ];
  return `${facts.join('')}]`;
}

const PLAIN = /^[\w .,'@+:/-]*$/;
/** Control and format characters (bidirectional marks, zero widths, tags), line ends, and unpaired halves. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu;

/** One short line without anything that could end the envelope: brackets and quotes are replaced. */
export function label(text: string, most = LABEL_CHARS): string {
  if (text.length <= most && PLAIN.test(text)) return text;
  const clean = text
    .slice(0, most * 4)
    .replace(UNSEEN, ' ')
    .replaceAll('[', '(')
    .replaceAll(']', ')')
    .replaceAll('"', "'")
    .replace(/\s+/gu, ' ')
    .trim();
  const characters = [...clean];
  return characters.length <= most ? clean : `${characters.slice(0, most - 1).join('')}…`;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** `Sun 2026-11-22 11:28 UTC`. By hand: the formatters of Intl cost megabytes. */
export function utcMinute(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return 'at an unknown time';
  return `${DAYS[date.getUTCDay()]} ${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
