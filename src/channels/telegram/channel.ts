/** Owns the parts of one Telegram account and how they fit together. It is loaded when an account is created. */
import type { Channel, ChannelEdges, ChannelStatus, ReceivedBatch } from '../../domain/channel.ts';
import type { Address } from '../../domain/message.ts';
import { splitMarkdown } from '../../domain/split.ts';
import { apiSignal, createClient, type Client } from './api.ts';
import { pause } from '../backoff.ts';
import { toAppError } from './errors.ts';
import { fetchFile } from './files.ts';
import { UPDATE_KINDS } from './inbound.ts';
import { poll, type PollPauses } from './poll.ts';
import { probe, setMenu } from './profile.ts';
import { createReceiver, offsetOf } from './receiver.ts';
import { createSender } from './send.ts';
import type { TelegramSettings } from './settings.ts';
import { createSigns, type Signs } from './signs.ts';
import { readToken } from './token.ts';

export interface TelegramTiming {
  /** How long the platform holds a poll without news. */
  pollSeconds: number;
  /** How much later its answer may come before the connection counts as dead. */
  pollGraceMs: number;
  pauses: PollPauses;
}

const TIMING: TelegramTiming = { pollSeconds: 30, pollGraceMs: 15_000, pauses: { firstMs: 1_000, mostMs: 30_000 } };

/** Telegram takes about 30 calls a second from a bot, and the answers need most of them. */
const SIGNS_PER_SECOND = 10;

interface Account {
  name: string;
  botId: number;
  settings: TelegramSettings;
  edges: ChannelEdges;
  timing: TelegramTiming;
  client: Client;
  signs: Signs;
  status: ChannelStatus;
}

/** Rejects with AppError `invalid` or `not_found` where there is no usable token. Calls nobody. */
export async function createTelegramChannel(
  name: string,
  settings: TelegramSettings,
  edges: ChannelEdges,
  timing: TelegramTiming = TIMING,
): Promise<Channel> {
  const { secret, botId } = await readToken(settings);
  const client = createClient(secret, {
    apiRoot: settings.apiRoot,
    timeoutMs: settings.timeoutSeconds * 1000,
    pollTimeoutMs: timing.pollSeconds * 1000 + timing.pollGraceMs,
  });
  const signs = createSigns(edges.clock, SIGNS_PER_SECOND);
  return channelOf({ name, botId, settings, edges, timing, client, signs, status: { state: 'stopped' } });
}

function channelOf(account: Account): Channel {
  const { settings, edges, client, signs, status } = account;
  const sender = createSender({ raw: client.api.raw, settings });
  return {
    id: 'telegram',
    account: account.name,
    capabilities: {
      textLimit: settings.textChunkLimit,
      edits: true,
      detectsDuplicates: false,
      preview: settings.streamMode,
      replyLinks: settings.replyToMode,
    },
    run: (receive, cursor, signal) => run(account, { receive, cursor }, signal),
    probe: (signal) => probe(client, settings.apiRoot, signal),
    splitText: (markdown) =>
      splitMarkdown(markdown, { limit: settings.textChunkLimit, paragraphs: settings.chunkMode === 'newline' }),
    async send(to, part, options) {
      const id = await sender.send(to, part, options);
      status.lastSentAtMs = edges.clock.now();
      return id;
    },
    edit: (to, messageId, part, options) => sender.edit(to, messageId, part, options),
    typing: (to) => signs.show(() => client.api.raw.sendChatAction(typingAt(to))),
    react: (to, messageId, emoji) => signs.show(() => client.api.raw.setMessageReaction(reactionAt(to, messageId, emoji))),
    fetchAttachment: (attachment, path, maxBytes, signal) =>
      fetchFile(client, { attachment, path, maxBytes: Math.min(maxBytes, mediaMaxBytes(settings)), signal }),
    setCommands: (commands) =>
      setMenu(client, settings, commands).catch((error: unknown) =>
        edges.log.warn({}, `the command menu was not set: ${toAppError(error).message}`),
      ),
    status: () => ({ ...status }),
  };
}

interface Start {
  receive: (batch: ReceivedBatch) => Promise<void>;
  cursor: string | undefined;
}

async function run(account: Account, { receive, cursor }: Start, signal: AbortSignal): Promise<void> {
  const { status, client, edges, timing, botId, signs } = account;
  status.state = 'starting';
  const report = (trouble: string | undefined): void => {
    status.state = trouble === undefined ? 'running' : 'waiting';
    if (trouble === undefined) delete status.reason;
    else status.reason = trouble;
  };
  const reader = { account: account.name, botId, mediaMaxBytes: mediaMaxBytes(account.settings) };
  const receiver = createReceiver({ api: client.api, reader, edges, signs, pauses: timing.pauses }, async (batch) => {
    await receive(batch);
    status.lastReceivedAtMs = edges.clock.now();
  });
  const polling = poll(
    {
      fetchUpdates: (offset, stop) => fetchUpdates(client, { offset, timeout: timing.pollSeconds }, stop),
      removeWebhook: (stop) => client.api.deleteWebhook({ drop_pending_updates: false }, apiSignal(stop)),
      deliver: receiver.deliver,
      report,
      pause,
      log: edges.log,
      pauses: timing.pauses,
    },
    offsetOf(cursor, botId),
    signal,
  );
  // Only after the first poll is on its way, which is what people wait for.
  void receiver.learnName(signal).then(() => {
    if (status.state === 'starting') report(undefined);
  });
  try {
    await polling;
    status.state = 'stopped';
  } catch (error) {
    status.state = 'failed';
    status.reason = toAppError(error).message;
    throw error;
  }
}

function fetchUpdates(
  { api }: Client,
  { offset, timeout }: { offset: number | undefined; timeout: number },
  signal: AbortSignal,
) {
  const parameters = { limit: 100, timeout, allowed_updates: UPDATE_KINDS };
  return api.getUpdates(offset === undefined ? parameters : { ...parameters, offset }, apiSignal(signal));
}

function mediaMaxBytes({ mediaMaxMb }: TelegramSettings): number {
  return mediaMaxMb * 1_000_000;
}

function typingAt({ chatId, threadId }: Address) {
  const place = { chat_id: Number(chatId), action: 'typing' as const };
  return threadId === undefined ? place : { ...place, message_thread_id: Number(threadId) };
}

/** Which emojis a bot may use is the platform's business: it refuses the others, and nobody minds. */
function reactionAt({ chatId }: Address, messageId: string, emoji: string) {
  return { chat_id: Number(chatId), message_id: Number(messageId), reaction: [{ type: 'emoji' as const, emoji: emoji as '👀' }] };
}
