/** Owns how answers are shown: at once from a pipe; on a terminal line by line as they grow, the last line when it is finished. */
import { createPrinter, type Look, type Printer } from './printer.ts';
import type { Surface } from './surface.ts';

export interface Answers {
  /** Shows what `text`, the whole of the message so far, adds to what stands there. Rejects when the output is gone. */
  show(messageId: string, text: string): Promise<void>;
  /** The message that grew last will not grow any more. */
  finish(): Promise<void>;
  /** A line that is no part of an answer. */
  aside(text: string): Promise<void>;
}

/** An answer that nobody says is finished is shown to its end after so long without news: longer than previews take to grow. */
const REST_MS = 2_500;

interface Growing {
  id: string;
  printer: Printer;
  text: string;
}

export function createAnswers(surface: Surface, look: Look): Answers {
  let growing: Growing | undefined;
  let rest: NodeJS.Timeout | undefined;

  /** The lines that can be shown now. A message that was changed where it stands already is shown again. */
  function take(last: boolean): string[] {
    if (growing === undefined) return [];
    const lines = growing.printer.take(growing.text, last);
    if (lines !== undefined) return lines;
    growing.printer = createPrinter(look);
    return [look.style('dim', '(changed)'), ...(growing.printer.take(growing.text, last) ?? [])];
  }

  async function print(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await surface.print(lines);
  }

  function finish(): Promise<void> {
    clearTimeout(rest);
    return print(take(true));
  }

  return {
    async show(messageId, text) {
      if (!surface.live) return surface.print([text]);
      if (growing?.id !== messageId) {
        await finish();
        growing = { id: messageId, printer: createPrinter(look), text };
      }
      growing.text = text;
      clearTimeout(rest);
      rest = setTimeout(() => void finish().catch(() => undefined), REST_MS).unref();
      await print(take(false));
    },
    finish,
    async aside(text) {
      await print([...take(true), look.style('dim', `· ${text}`)]);
    },
  };
}
