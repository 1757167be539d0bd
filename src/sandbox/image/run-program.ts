/**
 * Owns the running of host programs for the image build: file and arguments, never a shell. Must never run unasked:
 * only `openclaw sandbox build` comes here.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { AppError } from '../../domain/errors.ts';

export interface ProgramOptions {
  /** Added to the environment of this process. */
  env?: Record<string, string>;
  /** Called with each line of either stream. */
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

const lastLines = 6;

/** Its standard output. Rejects with AppError `unavailable` (failed) or `not_found` (no such program). */
export async function runProgram(file: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const child = startProgram(file, args, options);
  const recent: string[] = [];
  const output: string[] = [];
  const read = async (stream: Readable, keep?: string[]): Promise<void> => {
    for await (const line of createInterface({ input: stream })) {
      options.onLine?.(line);
      keep?.push(line);
      recent.push(line);
      if (recent.length > lastLines) recent.shift();
    }
  };
  await Promise.all([read(child.stdout as Readable, output), read(child.stderr as Readable), programEnd(file, child, recent)]);
  return output.join('\n');
}

/** A program whose output is a stream of bytes; its end is told by `ended`. */
export function streamProgram(
  file: string,
  args: readonly string[],
  signal?: AbortSignal,
): { output: Readable; ended: Promise<void> } {
  const child = startProgram(file, args, signal ? { signal } : {});
  const recent: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => recent.push(text.trim().slice(0, 500)));
  return { output: child.stdout as Readable, ended: programEnd(file, child, recent) };
}

/** Debian's own programs (debootstrap, apt-get, tar); nothing of ours is looked for. */
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function startProgram(file: string, args: readonly string[], options: ProgramOptions): ChildProcess {
  return spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // No variable of ours: they hold secrets. C.UTF-8 so that we can read what the programs say, whatever the person's language is.
    env: { PATH: SYSTEM_PATH, HOME: '/root', LC_ALL: 'C.UTF-8', ...options.env },
    ...(options.signal ? { signal: options.signal } : {}),
  });
}

function programEnd(file: string, child: ChildProcess, recent: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      // EACCES too: that is what a search through a PATH with a closed directory comes to.
      const code = error.code === 'ENOENT' || error.code === 'EACCES' ? 'not_found' : 'unavailable';
      reject(new AppError(code, `${file} is missing, or cannot be run.`, { cause: error }));
    });
    child.once('close', (exitCode, signal) => {
      if (exitCode === 0) return resolve();
      const said = recent.length > 0 ? `: ${recent.slice(-lastLines).join(' / ')}` : '.';
      return reject(new AppError('unavailable', `${file} failed (${exitCode ?? signal})${said}`));
    });
  });
}
