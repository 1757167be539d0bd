/**
 * One claimed turn, from its messages to its replies: opens it, lets the agent run it, and writes the end and the replies down
 * in one transaction. A turn that cannot be ended now is left running in the store, and goes on later.
 */
import type { TurnOutcome } from '../agent/outcome.ts';
import { TurnAbort } from '../agent/parts.ts';
import type { ToolStart, TurnObserver, TurnParts } from '../agent/parts.ts';
import type { TurnInput } from '../agent/run.ts';
import type { runTurn as RunTurn } from '../agent/turn.ts';
import type { Channel } from '../domain/channel.ts';
import { isAppError } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import type { Address } from '../domain/message.ts';
import { redact } from '../domain/redaction.ts';
import type { Entry, StoredEntry, Turn } from '../domain/session.ts';
import type { AgentSettings } from '../domain/settings.ts';
import type { Delivery, NewDelivery, TurnEnd } from '../domain/store.ts';
import { takeArtifacts } from './artifacts.ts';
import type { BlackBox } from './black-box.ts';
import { REPEAT_MARK } from './delivery.ts';
import { usageLine } from './figures.ts';
import type { ClaimedTurn, RunningLane } from './lanes.ts';
import { entryOf, openingOf } from './opening.ts';
import type { OpeningParts } from './opening.ts';
import type { Engine, GatewayParts } from './parts.ts';
import type { Preview, Previews, Shown } from './preview.ts';
import { deliveriesOf } from './replies.ts';
import { newReference } from './trace.ts';

const TOOL_LINE_CHARS = 160;
/** What kills the process by being asked, does so at once; a little later while the first connections are made. */
const ASKED_MS = 10;
const ASKED_FIRST_MS = 40;
const FIRST_QUESTIONS_MS = 300;
/** A tool may take its time to use up all memory. */
const RUNS_MS = 2_000;

export interface TurnRunnerParts extends Pick<
  GatewayParts,
  'store' | 'settings' | 'mediaDir' | 'artifactsDir' | 'clock' | 'log'
> {
  engine(): Promise<Engine>;
  channelOf(to: Pick<Address, 'channel' | 'account'>): Channel | undefined;
  previews: Previews;
  blackBox: BlackBox;
  /** The deliveries of a turn that has ended durably. */
  send(toSendNow: readonly Delivery[], stored: number): void;
  /** A turn has ended durably. Must not throw. */
  ended(turn: Turn, end: EndedTurn): void;
  /** The store did not keep what was written: somebody must take the turn up again. */
  left(turn: Turn): void;
  /** Who else listens to this turn. */
  observersOf(turn: Turn): readonly TurnObserver[];
}

export interface EndedTurn {
  state: TurnEnd['state'];
  reason?: string | undefined;
  /** What the person got. */
  text: string;
  replies: number;
  /** Tokens of all its model calls; absent where no model was asked. */
  spent?: { inputTokens: number; outputTokens: number };
}

/** A turn under way, with what is needed to end it. */
interface Work {
  turn: Turn;
  claimed: ClaimedTurn;
  lane: RunningLane;
  agent: AgentSettings;
  channel: Channel | undefined;
  preview: Preview | undefined;
  log: Log;
}

export class TurnRunner {
  private readonly parts: TurnRunnerParts;
  private firstAskedMs: number | undefined;

  constructor(parts: TurnRunnerParts) {
    this.parts = parts;
  }

  /** Must not reject. */
  async run(claimed: ClaimedTurn, lane: RunningLane): Promise<void> {
    const work = await this.begin(claimed, lane);
    try {
      await this.end(work, await this.work(work));
    } catch (error) {
      await this.failed(work, error);
    }
  }

  /** Ends a turn that killed the process, and tells its sender. */
  async quarantine({ turn }: ClaimedTurn): Promise<void> {
    const text =
      'Your message was set aside: the gateway broke down twice while it worked on it. ' +
      'Its owner can find out why; sending it again in other words may help.';
    const note: Entry = {
      kind: 'note',
      text: 'this message was set aside, because the gateway broke down twice while it worked on it',
      setsAside: true,
    };
    const deliveries = this.addressed(turn, deliveriesOf({ to: turn.address, text }, this.parts.channelOf(turn.address)));
    const end: TurnEnd = {
      state: 'quarantined',
      reason: 'the process died twice while this was answered',
      entries: [note],
      deliveries,
    };
    this.parts.log.error({ turn: turn.id, session: turn.sessionKey }, 'a message was quarantined');
    await this.finish(turn, end, text);
  }

  private async begin(claimed: ClaimedTurn, lane: RunningLane): Promise<Work> {
    const { turn } = claimed;
    const { parts } = this;
    const channel = parts.channelOf(turn.address);
    return {
      turn,
      claimed,
      lane,
      agent: parts.settings.agent(turn.agentId),
      channel,
      preview: channel && (await this.openPreview(turn, channel)),
      log: parts.log.child({ trace: turn.messages[0]?.traceId, session: turn.sessionKey }),
    };
  }

  private async openPreview(turn: Turn, channel: Channel): Promise<Preview> {
    const place = { turnId: turn.id, to: turn.address, channel };
    // Only a turn that a dead process began can have been shown already.
    const shown = turn.deaths > 0 ? await this.parts.store.outbox.preview(turn.id) : undefined;
    if (!shown) return this.parts.previews.begin(place);
    return this.parts.previews.begin(
      shown.remoteId === undefined ? { ...place, doubtful: true } : { ...place, remoteId: shown.remoteId },
    );
  }

  private async work(work: Work): Promise<TurnOutcome> {
    const { turn, agent, lane } = work;
    const { store } = this.parts;
    const history = await store.sessions.history(turn.sessionId);
    const opening = await openingOf(turn, history, this.openingParts(work));
    const written = await this.write(turn, opening.entries);
    const input: TurnInput = {
      turn,
      session: work.claimed.session,
      agent,
      history: [...history, ...written],
      ...this.choice(work),
      controller: lane.controller,
      observer: this.observer(work),
      joinWaiting: () => this.join(work),
    };
    const engine = await this.parts.engine();
    const parts: TurnParts = { ...engine, store, clock: this.parts.clock, log: work.log };
    const asks = input.history.some((stored) => stored.turnId === turn.id && stored.entry.kind === 'user');
    const { runTurn } = await loadAgent();
    if (opening.compact === undefined && asks) return runTurn(input, parts);
    if (!asks && opening.nothingToRetry) return said('There is nothing to try again yet.');
    const line = await this.compact(input, parts, opening.compact ?? '');
    if (!asks) return said(line);
    const outcome = await runTurn({ ...input, history: await store.sessions.history(turn.sessionId) }, parts);
    return { ...outcome, reply: outcome.reply === '' ? '' : `_${line}_\n\n${outcome.reply}` };
  }

  private async compact(input: TurnInput, parts: TurnParts, instructions: string): Promise<string> {
    const done = input.history.some(({ turnId, entry }) => turnId === input.turn.id && entry.kind === 'compaction');
    if (done) return 'The conversation so far is summed up.';
    const { compactSession } = await import('../agent/compact-session.ts');
    return compactSession(input, parts, instructions);
  }

  private async write(turn: Turn, entries: Entry[]): Promise<StoredEntry[]> {
    if (entries.length === 0) return [];
    const seqs = await this.parts.store.turns.append(turn.id, entries);
    const atMs = this.parts.clock.now();
    return entries.map((entry, index) => ({ seq: seqs[index] as number, turnId: turn.id, atMs, entry }));
  }

  private openingParts({ agent, claimed, channel, lane, log }: Work): OpeningParts {
    return {
      store: this.parts.store,
      channel,
      sandbox: async () => (await this.parts.engine()).sandboxFor(claimed.session, agent),
      files: {
        mediaDir: this.parts.mediaDir,
        maxBytes: this.parts.settings.gateway().mediaMaxBytes,
        signal: lane.controller.signal,
        log,
      },
    };
  }

  /** The conversation's own choice first; the agent's models stand in when it fails. */
  private choice({ agent, claimed }: Work): Pick<TurnInput, 'models' | 'thinking'> {
    const { model, thinking } = claimed.session.settings;
    const models = model === undefined ? agent.models : [model, ...agent.models.filter((name) => name !== model)];
    return { models, thinking: thinking ?? agent.thinking };
  }

  private observer({ turn, preview, channel }: Work): TurnObserver {
    const others = this.parts.observersOf(turn);
    const all = preview ? [preview, ...others] : others;
    all.forEach((one) => one.started?.());
    const { blackBox } = this.parts;
    return {
      asked: () => blackBox.note(turn.id, 'asks', this.askedMs()),
      text: (delta) => all.forEach((one) => one.text?.(delta)),
      restarted: () => all.forEach((one) => one.restarted?.()),
      toolStarted: (call) => {
        // Not the call's id: a call that was not kept is made again under another one.
        blackBox.note(turn.id, `runs ${call.name}`, RUNS_MS);
        all.forEach((one) => one.toolStarted?.(call));
        channel?.notice?.(turn.address, toolLine(call));
      },
      toolEnded: (call, result) => {
        blackBox.done(turn.id);
        all.forEach((one) => one.toolEnded?.(call, result));
      },
    };
  }

  private askedMs(): number {
    const now = this.parts.clock.monotonic();
    this.firstAskedMs ??= now;
    return now - this.firstAskedMs < FIRST_QUESTIONS_MS ? ASKED_FIRST_MS : ASKED_MS;
  }

  private async join(work: Work) {
    const messages = await work.lane.join();
    if (messages.length === 0) return [];
    work.turn.messages.push(...messages);
    const parts = this.openingParts(work);
    const entries = [];
    for (const message of messages) entries.push(await entryOf(message, parts));
    return entries;
  }

  private async end(work: Work, outcome: TurnOutcome): Promise<void> {
    const { turn, agent, channel, claimed } = work;
    const shown = await work.preview?.settle();
    const { text, files } = await this.filesOf(work, outcome.reply);
    const footer = usageLine(outcome.spent, claimed.session.settings.usageFooter ?? 'off');
    const whole = wholeReply({ outcome, text, footer, shown });
    const reply = { to: turn.address, text: whole, files, remoteId: shown?.remoteId };
    const deliveries = this.addressed(turn, deliveriesOf(reply, channel));
    const { state, reason, entries } = outcome;
    work.log.debug({ state, reason, agent: agent.id, ...outcome.spent }, 'a turn ended');
    const end = { state, entries, deliveries, ...(reason === undefined ? {} : { reason }) };
    await this.finish(turn, end, whole, outcome.spent);
  }

  private async filesOf({ claimed, agent, turn }: Work, reply: string) {
    const { artifactsDir, settings } = this.parts;
    if (!reply.includes('MEDIA:')) return { text: reply, files: [] };
    const sandbox = (await this.parts.engine()).sandboxFor(claimed.session, agent);
    return takeArtifacts(reply, { sandbox, artifactsDir, turnId: turn.id, maxBytes: settings.gateway().mediaMaxBytes });
  }

  private addressed(turn: Turn, deliveries: NewDelivery[]): NewDelivery[] {
    return deliveries.map((delivery) => ({ ...delivery, turnId: turn.id, sessionKey: turn.sessionKey }));
  }

  /** The end and its replies are one transaction; nothing leaves before it is on disk. */
  private async finish(turn: Turn, end: TurnEnd, text: string, spent?: EndedTurn['spent']): Promise<void> {
    const toSendNow = await this.parts.store.turns.finish(turn.id, end);
    await this.parts.store.durable();
    const replies = end.deliveries.length;
    this.parts.ended(turn, { state: end.state, reason: end.reason, text, replies, ...(spent && { spent }) });
    this.parts.send(toSendNow, end.deliveries.length);
  }

  private async failed(work: Work, error: unknown): Promise<void> {
    const { turn, log, channel } = work;
    const shown = await work.preview?.settle();
    if (error instanceof TurnAbort && error.kind === 'shutdown') return;
    if (isAppError(error, 'unavailable')) {
      log.warn({ error }, 'the store did not keep a step; the turn goes on from the one before');
      return this.parts.left(turn);
    }
    const reference = newReference();
    log.error({ error, reference }, 'a turn failed because of an internal error');
    const text = `Something went wrong inside the gateway (reference ${reference}). Your message is kept: /retry asks again.`;
    const note: Entry = {
      kind: 'note',
      text: 'this run ended with an internal error of the gateway, so the message has no answer yet',
    };
    const deliveries = this.addressed(turn, deliveriesOf({ to: turn.address, text, remoteId: shown?.remoteId }, channel));
    try {
      await this.finish(turn, { state: 'failed', reason: `internal error ${reference}`, entries: [note], deliveries }, text);
    } catch (second) {
      log.error({ error: second, reference }, 'the turn could not be ended');
      this.parts.left(turn);
    }
  }
}

let agent: Promise<{ runTurn: typeof RunTurn }> | undefined;

/** With the first turn: the first poll does not wait for it. Kept, because asking for a loaded module is not free either. */
function loadAgent(): Promise<{ runTurn: typeof RunTurn }> {
  return (agent ??= import('../agent/turn.ts'));
}

/** A tool call on one line, for those who watch: its name and the words of its input. */
function toolLine({ name, input }: ToolStart): string {
  const words = Object.values(input ?? {}).filter((value) => typeof value === 'string');
  return redact(`${name} ${words.join(' ')}`.replace(/\s+/g, ' ').slice(0, TOOL_LINE_CHARS).toWellFormed()).trim();
}

interface ReplyParts {
  outcome: TurnOutcome;
  /** The answer, without the files that it names. */
  text: string;
  footer: string;
  shown: Shown | undefined;
}

/** What the person gets to read in the end. */
function wholeReply({ outcome, text, footer, shown }: ReplyParts): string {
  if (outcome.state === 'stopped' && text === '' && shown?.remoteId !== undefined) return `${shown.text}\n\n_(stopped)_`;
  if (text === '') return '';
  // A preview that got lost on its way may have shown some of it.
  const mark = shown?.doubtful ? REPEAT_MARK : '';
  return mark + [text, footer].filter((part) => part !== '').join('\n\n');
}

function said(reply: string): TurnOutcome {
  return { state: 'done', entries: [], reply, spent: { steps: 0, tokens: 0, costUsd: 0, inputTokens: 0, outputTokens: 0 } };
}
