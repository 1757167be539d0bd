/** Owns input and output that are no terminal: lines in, text out, nothing else. */
import { createInterface } from 'node:readline';
import type { Streams, Surface } from './surface.ts';
import { writer } from './writer.ts';

export function createPipe({ input, output }: Streams): Surface {
  const { write, onGone } = writer(output);
  return {
    live: false,
    interrupted: false,
    lines(signal) {
      const lines = createInterface({ input, crlfDelay: Infinity, signal });
      onGone(() => lines.close());
      input.once('error', () => lines.close());
      return lines;
    },
    print: (lines) => write(lines.map((line) => `${line}\n`).join('')),
    busy: () => undefined,
  };
}
