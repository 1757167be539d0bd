/**
 * Owns a real terminal: a prompt at the bottom that stays usable, everything else above it.
 * Must never lose what the person has typed when something is shown.
 */
import { clearScreenDown, createInterface, cursorTo, moveCursor, type Interface } from 'node:readline';
import type { Streams, Surface } from './surface.ts';
import { writer } from './writer.ts';

const PROMPT = '› ';
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 120;
const HISTORY_LINES = 200;

export function createScreen({ input, output }: Streams): Surface {
  const { write, onGone } = writer(output);
  let line: Interface | undefined;
  let frame = 0;
  let spinner: NodeJS.Timeout | undefined;
  let interrupted = false;

  function clearPrompt(): void {
    if (line === undefined) return;
    // What is typed may take several rows; the cursor stands in one of them.
    moveCursor(output, 0, -line.getCursorPos().rows);
    cursorTo(output, 0);
    clearScreenDown(output);
  }

  function showPrompt(): void {
    line?.setPrompt(spinner === undefined ? PROMPT : `${FRAMES[frame % FRAMES.length]} `);
    line?.prompt(true);
  }

  function turn(): void {
    frame += 1;
    showPrompt();
  }

  return {
    live: true,
    get interrupted() {
      return interrupted;
    },
    async *lines(signal) {
      const opened = createInterface({ input, output, prompt: PROMPT, historySize: HISTORY_LINES, terminal: true, signal });
      line = opened;
      onGone(() => opened.close());
      input.once('error', () => opened.close());
      opened.on('SIGINT', () => {
        interrupted = true;
        opened.close();
      });
      opened.once('close', () => {
        clearInterval(spinner);
        spinner = undefined;
        line = undefined;
        output.write('\n');
      });
      showPrompt();
      for await (const entered of opened) {
        yield entered;
        showPrompt();
      }
    },
    async print(lines) {
      clearPrompt();
      const written = write(lines.map((text) => `${text}\n`).join(''));
      showPrompt();
      await written;
    },
    busy(busy) {
      if (busy === (spinner !== undefined) || line === undefined) return;
      clearInterval(spinner);
      spinner = busy ? setInterval(turn, FRAME_MS).unref() : undefined;
      showPrompt();
    },
  };
}
