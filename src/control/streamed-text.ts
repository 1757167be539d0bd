/**
 * The words of a running turn as they may leave: redacted, in order, and in the end the same as the reply.
 * A word that may still grow is held back, so that no secret leaves in two halves.
 */
import type { TurnObserver } from '../agent/parts.ts';
import { redact } from '../domain/redaction.ts';

/** What a secret is made of. Everything up to the last other character is whole. */
const UNFINISHED_WORD = /[\w+/=.:~-]*$/;
const PARAGRAPH = '\n\n';
/** Models send a word at a time; looking at the whole for each would cost the square of its length. */
const PIECE_MS = 40;

export class StreamedText {
  private text = '';
  private stepAt = 0;
  private sent = '';

  readonly observer: TurnObserver;

  private readonly more: () => void;
  private pause: NodeJS.Timeout | undefined;
  private waiting = false;

  /** @param more is called when `take` may have something new, the first time at once. Must not throw. */
  constructor(more: () => void) {
    this.more = more;
    this.observer = {
      text: (delta) => {
        this.text += delta;
        if (this.pause) this.waiting = true;
        else this.tell();
      },
      restarted: () => void (this.text = this.text.slice(0, this.stepAt)),
      toolStarted: () => this.nextStep(),
    };
  }

  /** What has become whole since the last time; often empty. */
  take(): string {
    return this.advance(redact(this.text.replace(UNFINISHED_WORD, '')));
  }

  /** What of the whole is not yet sent. Where something else was shown before, the whole. */
  end(whole: string): string {
    clearTimeout(this.pause);
    if (whole.startsWith(this.sent)) return whole.slice(this.sent.length);
    return whole.trim() === this.sent.trim() ? '' : `${PARAGRAPH}${whole}`;
  }

  private tell(): void {
    this.waiting = false;
    this.more();
    this.pause = setTimeout(() => {
      this.pause = undefined;
      if (this.waiting) this.tell();
    }, PIECE_MS);
    this.pause.unref();
  }

  /** Each step's words are a paragraph of the reply. */
  private nextStep(): void {
    const step = this.text.slice(this.stepAt).trim();
    if (step !== '') this.text = this.text.slice(0, this.stepAt) + step + PARAGRAPH;
    this.stepAt = this.text.length;
    this.more();
  }

  private advance(shown: string): string {
    const whole = shown.trimStart();
    // Spaces at the end wait for what follows them: a reply ends without.
    const steady = whole.trimEnd();
    if (!steady.startsWith(this.sent)) return '';
    const more = steady.slice(this.sent.length);
    this.sent = steady;
    return more;
  }
}
