/** A log file that cannot fill the disk: at a size it becomes `.1`, and what was `.1` is gone. Only its owner may read it. */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const MOST_BYTES = 10_000_000;

export interface LogFile {
  write(line: string): void;
  close(): void;
}

/** Must not throw while writing: a full disk loses log lines, not messages. */
export function openLogFile(path: string, mostBytes = MOST_BYTES): LogFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let file = open(path);
  return {
    write(line) {
      try {
        if (file.bytes > mostBytes) {
          closeSync(file.descriptor);
          renameSync(path, `${path}.1`);
          file = open(path);
        }
        file.bytes += writeSync(file.descriptor, line);
      } catch {
        // There is nowhere left to say it.
      }
    },
    close: () => closeSync(file.descriptor),
  };
}

function open(path: string): { descriptor: number; bytes: number } {
  const descriptor = openSync(path, 'a', 0o600);
  return { descriptor, bytes: fstatSync(descriptor).size };
}
