/**
 * Shows an answer while it grows, by editing one message, and a sign that somebody is writing. All of it is a courtesy:
 * it costs a fast answer nothing, gives way when the platform asks for fewer messages, and never fails a turn.
 * What is shown is finished by the delivery of the answer itself, as the last edit.
 */
import type { TurnObserver } from '../agent/parts.ts';
import { NO_REPLY } from '../agent/prompt.ts';
import { isCertainlyUnsent } from '../domain/channel.ts';
import type { Channel } from '../domain/channel.ts';
import type { Clock } from '../domain/clock.ts';
import { messageOf } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import type { Address } from '../domain/message.ts';
import { redact } from '../domain/redaction.ts';
import type { Outbox } from '../domain/store.ts';

/** One clock for all running turns, so that a message costs no timer of its own. */
const TICK_MS = 200;
const TYPING_AFTER_MS = 1_000;
const TYPING_AGAIN_MS = 5_000;
const SHOW_AFTER_MS = 600;
const EDIT_EVERY_MS = 1_000;
/** How long the end of a turn waits for an edit under way. */
const SETTLE_MS = 3_000;

export interface PreviewParts {
  outbox: Pick<Outbox, 'openPreview' | 'previewShown'>;
  durable(): Promise<void>;
  isLimited(to: Address): boolean;
  clock: Clock;
  log: Log;
}

/** The preview of one running turn. */
export interface Preview extends TurnObserver {
  /** Shows nothing more; resolves when nothing is under way. */
  settle(): Promise<Shown>;
}

export interface Shown {
  /** The message that is shown, if any. */
  remoteId?: string;
  /** What the turn has streamed. */
  text: string;
  /** Some of the text may be shown in a message that nobody knows the id of. */
  doubtful: boolean;
}

export interface PreviewPlace {
  turnId: string;
  to: Address;
  channel: Channel;
  /** A message that an earlier process showed for this turn. */
  remoteId?: string;
  /** An earlier process died while it sent one: there must not be a second. */
  doubtful?: boolean;
}

export class Previews {
  private readonly parts: PreviewParts;
  private readonly live = new Set<LivePreview>();
  private ticker: NodeJS.Timeout | undefined;

  constructor(parts: PreviewParts) {
    this.parts = parts;
  }

  begin(place: PreviewPlace): Preview {
    const preview = new LivePreview(place, this.parts, () => this.end(preview));
    this.live.add(preview);
    this.ticker ??= setInterval(() => this.tick(), TICK_MS).unref();
    return preview;
  }

  private end(preview: LivePreview): void {
    this.live.delete(preview);
    if (this.live.size > 0) return;
    clearInterval(this.ticker);
    this.ticker = undefined;
  }

  private tick(): void {
    for (const preview of this.live) preview.tick();
  }
}

class LivePreview implements Preview {
  private readonly place: PreviewPlace;
  private readonly parts: PreviewParts;
  private readonly ended: () => void;
  private readonly abort = new AbortController();
  private readonly startedAtMs: number;
  private typedAtMs: number | undefined;
  private firstTextAtMs: number | undefined;
  private shownAtMs = 0;
  /** What earlier steps said, and what the current one has said so far. */
  private said = '';
  private current = '';
  private shown = '';
  private deliveryId: string | undefined;
  private remoteId: string | undefined;
  private doubtful: boolean;
  private working: Promise<void> | undefined;
  /** Nothing is shown any more: the platform would not have it, or cannot. */
  private off: boolean;

  constructor(place: PreviewPlace, parts: PreviewParts, ended: () => void) {
    this.place = place;
    this.parts = parts;
    this.ended = ended;
    this.startedAtMs = parts.clock.monotonic();
    this.remoteId = place.remoteId;
    const { edits, preview } = place.channel.capabilities;
    this.doubtful = place.doubtful === true;
    this.off = this.doubtful || !edits || preview === 'off';
  }

  text(delta: string): void {
    this.firstTextAtMs ??= this.parts.clock.monotonic();
    this.current += delta;
  }

  restarted(): void {
    this.current = '';
  }

  toolStarted(): void {
    this.said = this.whole();
    this.current = '';
  }

  tick(): void {
    const now = this.parts.clock.monotonic();
    this.showTyping(now);
    if (this.off || this.working || this.firstTextAtMs === undefined) return;
    if (now - this.firstTextAtMs < SHOW_AFTER_MS || now - this.shownAtMs < EDIT_EVERY_MS) return;
    if (this.parts.isLimited(this.place.to)) return;
    const text = this.presentable();
    if (text === '' || text === this.shown) return;
    this.shownAtMs = now;
    this.working = this.show(text).finally(() => (this.working = undefined));
  }

  async settle(): Promise<Shown> {
    this.ended();
    this.off = true;
    if (this.working) {
      const late = setTimeout(() => this.abort.abort(), SETTLE_MS);
      await this.working;
      clearTimeout(late);
    }
    const { doubtful, remoteId } = this;
    return { text: this.whole(), doubtful, ...(remoteId === undefined ? {} : { remoteId }) };
  }

  private showTyping(now: number): void {
    if (now - this.startedAtMs < TYPING_AFTER_MS) return;
    if (this.typedAtMs !== undefined && now - this.typedAtMs < TYPING_AGAIN_MS) return;
    this.typedAtMs = now;
    this.place.channel.typing?.(this.place.to);
  }

  private whole(): string {
    return [this.said, this.current.trim()].filter((text) => text !== '').join('\n\n');
  }

  /** As much of the text as fits into one message and is worth showing. */
  private presentable(): string {
    const whole = this.whole();
    // It may yet turn out that nothing is to be said.
    if (whole === '' || NO_REPLY.startsWith(whole)) return '';
    const text = this.place.channel.capabilities.preview === 'block' ? finishedParagraphs(whole) : whole;
    return text === '' ? '' : (this.place.channel.splitText(redact(text.toWellFormed()))[0] ?? '');
  }

  private async show(text: string): Promise<void> {
    try {
      if (this.remoteId !== undefined) await this.edit(this.remoteId, text);
      else if (!(await this.open(text))) return;
      this.shown = text;
    } catch (error) {
      // One failure is enough: the answer itself is still to come, and counts.
      this.off = true;
      this.parts.log.debug({ reason: messageOf(error) }, 'a preview could not be shown');
    }
  }

  /** False while something of this chat has yet to leave. */
  private async open(text: string): Promise<boolean> {
    const { place, parts } = this;
    const delivery = await parts.outbox.openPreview(place.turnId, place.to);
    if (!delivery) return false;
    this.deliveryId = delivery.id;
    await parts.durable();
    const options = { dedupeKey: delivery.id, signal: this.abort.signal };
    this.remoteId = await place.channel.send(place.to, { text }, options).catch((error: unknown) => {
      this.doubtful = !isCertainlyUnsent(error);
      throw error;
    });
    await parts.outbox.previewShown(delivery.id, this.remoteId);
    return true;
  }

  private async edit(remoteId: string, text: string): Promise<void> {
    const options = { dedupeKey: `${this.deliveryId ?? this.place.turnId}:preview`, signal: this.abort.signal };
    await this.place.channel.edit?.(this.place.to, remoteId, { text }, options);
  }
}

function finishedParagraphs(text: string): string {
  const end = text.lastIndexOf('\n\n');
  return end < 0 ? '' : text.slice(0, end);
}
