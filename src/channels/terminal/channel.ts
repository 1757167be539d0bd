/**
 * Owns a conversation on given streams: one person, whose id is `local`. On a terminal answers grow while they are written;
 * from a pipe one line is taken after the other, each after everything that the one before caused is over.
 */
import { randomBytes } from 'node:crypto';
import { styleText } from 'node:util';
import {
  certainlyUnsent,
  type Channel,
  type ChannelEdges,
  type ChannelStatus,
  type ReceivedBatch,
} from '../../domain/channel.ts';
import { AppError, messageOf } from '../../domain/errors.ts';
import type { InboundEvent, OutboundPart } from '../../domain/message.ts';
import { splitMarkdown } from '../../domain/split.ts';
import { createBackoff, pause } from '../backoff.ts';
import { createAnswers, type Answers } from './answers.ts';
import { createOpenEvents, type OpenEvents } from './open-events.ts';
import { createPipe } from './pipe.ts';
import type { Look } from './printer.ts';
import { createScreen } from './screen.ts';
import { harmless, type Streams, type Surface } from './surface.ts';

/** A terminal has no limit; this one keeps a single write bounded. */
const TEXT_LIMIT = 100_000;
const DEFAULT_COLUMNS = 80;
const TYPING_MS = 6_000;
const PAUSES = { firstMs: 200, mostMs: 5_000 };

interface Terminal {
  account: string;
  edges: ChannelEdges;
  surface: Surface;
  answers: Answers;
  open: OpenEvents;
  nextId: () => string;
  status: ChannelStatus;
}

/** On a terminal when both streams are one, else on a pipe. Calls nobody before `run`. */
export function createTerminalChannel(account: string, streams: Streams, edges: ChannelEdges): Channel {
  const surface = streams.input.isTTY && streams.output.isTTY ? createScreen(streams) : createPipe(streams);
  const terminal: Terminal = {
    account,
    edges,
    surface,
    answers: createAnswers(surface, lookOf(streams)),
    open: createOpenEvents((some) => surface.busy(some)),
    nextId: idSource(edges.clock.now()),
    status: { state: 'stopped' },
  };
  return channelOf(terminal);
}

function channelOf(terminal: Terminal): Channel {
  const { surface, answers, open, status } = terminal;
  const finish = (): void => void answers.finish().catch(() => undefined);
  return {
    id: 'terminal',
    account: terminal.account,
    capabilities: { textLimit: TEXT_LIMIT, edits: surface.live, detectsDuplicates: false },
    async run(receive, _cursor, signal) {
      status.state = 'running';
      await takeLines(terminal, receive, signal);
      finish();
      status.state = 'stopped';
    },
    // Not the id of the person who writes here: what comes from us is not answered.
    probe: () => Promise.resolve({ id: 'openclaw', name: 'terminal', notes: [] }),
    splitText: (markdown) => splitMarkdown(markdown, { limit: TEXT_LIMIT }),
    async send(_to, part) {
      const messageId = terminal.nextId();
      await show(terminal, messageId, part);
      return messageId;
    },
    edit: (_to, messageId, part) => show(terminal, messageId, part),
    typing() {
      surface.busy(true);
      setTimeout(() => surface.busy(open.some()), TYPING_MS).unref();
    },
    settled(eventId) {
      finish();
      open.over(eventId);
    },
    notice(_to, text) {
      if (surface.live) void answers.aside(harmless(text).replace(/\s+/g, ' ').trim()).catch(() => undefined);
    },
    status: () => ({ ...status }),
  };
}

/** Resolves at the end of the input, after the last answer; at once when the person or `signal` says so. */
async function takeLines(
  terminal: Terminal,
  receive: (batch: ReceivedBatch) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { surface, open, status } = terminal;
  for await (const line of surface.lines(signal)) {
    if (line.trim() === '') continue;
    const event = eventOf(terminal, line);
    open.add(event.eventId);
    status.lastReceivedAtMs = event.sentAtMs;
    await handOn(terminal, () => receive({ events: [event] }), signal);
    if (!surface.live) await open.allOver(signal);
  }
  if (!surface.interrupted) await open.allOver(signal);
}

async function handOn({ edges }: Terminal, store: () => Promise<void>, signal: AbortSignal): Promise<void> {
  const backoff = createBackoff(PAUSES.firstMs, PAUSES.mostMs);
  while (!signal.aborted) {
    try {
      return await store();
    } catch (error) {
      edges.log.error({}, `a line was not stored and is tried again: ${messageOf(error)}`);
      await pause(backoff.next(), signal);
    }
  }
}

function eventOf({ account, nextId, edges }: Terminal, line: string): InboundEvent {
  const eventId = nextId();
  return {
    channel: 'terminal',
    account,
    eventId,
    kind: 'message',
    chat: { id: 'local', kind: 'direct' },
    sender: { id: 'local', isBot: false },
    messageId: eventId,
    text: line,
    attachments: [],
    addressed: true,
    sentAtMs: edges.clock.now(),
  };
}

/** Unique for ever: the start, some chance for two starts in one millisecond, and a count. */
function idSource(startedAtMs: number): () => string {
  const start = `${startedAtMs.toString(36)}-${randomBytes(4).toString('hex')}`;
  let count = 0;
  return () => `${start}-${++count}`;
}

async function show({ answers, status, edges }: Terminal, messageId: string, part: OutboundPart): Promise<void> {
  try {
    await answers.show(messageId, harmless(textOf(part)));
    status.lastSentAtMs = edges.clock.now();
  } catch (error) {
    throw certainlyUnsent(new AppError('unavailable', `Nobody reads the output any more: ${messageOf(error)}`));
  }
}

function textOf({ text, file, buttons = [] }: OutboundPart): string {
  const choices = buttons.map(({ label, command }) => `  ${command}  ${label}`);
  const files = file === undefined ? [] : [`File: ${file.path}`];
  return [text.trimEnd(), ...files, ...choices].filter((line) => line !== '').join('\n');
}

/** Colours only where the output is a terminal and nobody has asked for none (`NO_COLOR`). */
function lookOf({ output }: Streams): Look {
  return {
    columns: () => output.columns ?? DEFAULT_COLUMNS,
    style: (format, text) => styleText(format, text, { stream: output as NodeJS.WritableStream }),
  };
}
