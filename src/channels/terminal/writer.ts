/** Owns writing to an output that may go away, as when a script reads only the first lines. */
import type { Writable } from 'node:stream';

export interface Writer {
  write(text: string): Promise<void>;
  /** Called once when the output is gone, at once when it is already. */
  onGone(listener: () => void): void;
}

export function writer(output: Writable): Writer {
  let gone: Error | undefined;
  const listeners: (() => void)[] = [];
  output.on('error', (error) => {
    if (gone !== undefined) return;
    gone = error;
    for (const listener of listeners) listener();
  });
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        if (gone !== undefined) return reject(gone);
        output.write(text, (error) => (error ? reject(error) : resolve()));
      }),
    onGone(listener) {
      if (gone === undefined) listeners.push(listener);
      else listener();
    },
  };
}
