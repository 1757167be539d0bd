/** Owns a Telegram channel before the Bot API peer, with times short enough for tests. */
import type { TestContext } from 'node:test';
import { createTelegramChannel, type TelegramTiming } from '../../src/channels/telegram/channel.ts';
import { telegramSettings } from '../../src/channels/telegram/settings.ts';
import type { Channel, ReceivedBatch } from '../../src/domain/channel.ts';
import { systemClock } from '../../src/domain/clock.ts';
import type { Log } from '../../src/domain/log.ts';
import type { Address, InboundEvent, OutboundPart } from '../../src/domain/message.ts';
import { createBotApi, type BotApi, type BotApiOptions } from '../peers/bot-api.ts';

export const QUICK: TelegramTiming = { pollSeconds: 5, pollGraceMs: 5_000, pauses: { firstMs: 5, mostMs: 40 } };

export interface LogLine {
  level: string;
  fields: Record<string, unknown>;
  message: string;
}

export interface Rig {
  api: BotApi;
  channel: Channel;
  lines: LogLine[];
}

/** Everything ends with the test. */
export async function telegramRig(
  context: TestContext,
  { settings = {}, timing = QUICK, peer = {} }: { settings?: object; timing?: TelegramTiming; peer?: BotApiOptions } = {},
): Promise<Rig> {
  const api = await createBotApi(peer);
  context.after(() => api.close());
  const lines: LogLine[] = [];
  const parsed = telegramSettings.parse({ botToken: api.token, apiRoot: api.url, ...settings });
  const channel = await createTelegramChannel('default', parsed, { clock: systemClock, log: collectingLog(lines) }, timing);
  return { api, channel, lines };
}

function collectingLog(lines: LogLine[]): Log {
  const write = (level: string) => (fields: Record<string, unknown>, message: string) =>
    void lines.push({ level, fields, message });
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error'), child: () => log };
  return log;
}

export interface Running {
  /** Everything that was received, in order. */
  events: InboundEvent[];
  batches: ReceivedBatch[];
  /** What `run` came to. */
  ended: Promise<unknown>;
  stop(): Promise<unknown>;
}

/** Runs the channel; `receive` decides what becomes of a batch, and takes all by default. */
export function runChannel(
  context: TestContext,
  channel: Channel,
  { cursor, receive }: { cursor?: string | undefined; receive?: (batch: ReceivedBatch) => Promise<void> | void } = {},
): Running {
  const controller = new AbortController();
  const events: InboundEvent[] = [];
  const batches: ReceivedBatch[] = [];
  const take = async (batch: ReceivedBatch): Promise<void> => {
    await receive?.(batch);
    batches.push(batch);
    events.push(...batch.events);
  };
  const ended = channel.run(take, cursor, controller.signal).catch((error: unknown) => error);
  const stop = (): Promise<unknown> => {
    controller.abort();
    return ended;
  };
  context.after(stop);
  return { events, batches, ended, stop };
}

/** Looks again until `holds`; fails after five seconds. For what no peer can tell. */
export async function eventually(holds: () => boolean, what = 'the condition'): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function to(chatId: number, more: Partial<Address> = {}): Address {
  return { channel: 'telegram', account: 'default', chatId: String(chatId), ...more };
}

export function send(
  channel: Channel,
  chatId: number,
  part: Partial<OutboundPart>,
  more: Partial<Address> = {},
): Promise<string> {
  return channel.send(to(chatId, more), { text: '', ...part }, { dedupeKey: 'k', signal: AbortSignal.timeout(20_000) });
}
