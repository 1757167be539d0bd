/**
 * The words of a running turn as they may leave: redacted, in order, and in the end the same as the reply.
 * A word that may still grow is held back, so that no secret leaves in two halves.
 */
import type { TurnObserver } from '../agent/parts.ts';
import { redact } from '../domain/redaction.ts';

/** What a secret is made of. Everything up to the last other character is whole. */
const UNFINISHED_WORD = /[\w+/=.:~-]*$/;
const PARAGRAPH = '\n\n';

export class StreamedText {
  private text = '';
  private stepAt = 0;
  private sent = '';

  readonly observer: TurnObserver;

  /** @param more is called when `take` may have something new. Must not throw. */
  constructor(more: () => void) {
    this.observer = {
      text: (delta) => {
        this.text += delta;
        more();
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
    if (whole.startsWith(this.sent)) return whole.slice(this.sent.length);
    return whole.trim() === this.sent.trim() ? '' : `${PARAGRAPH}${whole}`;
  }

  /** Each step's words are a paragraph of the reply. */
  private nextStep(): void {
    const step = this.text.slice(this.stepAt).trim();
    if (step !== '') this.text = this.text.slice(0, this.stepAt) + step + PARAGRAPH;
    this.stepAt = this.text.length;
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
