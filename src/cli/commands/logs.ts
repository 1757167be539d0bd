/** `openclaw logs [--follow]`: the gateway's own log file. Under systemd the journal has it. */
import { defineCommand } from 'citty';
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../domain/errors.ts';
import { contextOf } from '../command.ts';

const LOOK_AGAIN_MS = 500;
const TAIL_BYTES = 250_000;

export default defineCommand({
  args: {
    follow: { type: 'boolean', alias: 'f', description: 'go on with what comes' },
    limit: { type: 'string', description: 'most lines to begin with', default: '200' },
    json: { type: 'boolean', description: 'print the lines as they are stored' },
  },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const path = context.paths().logFile;
    if (!existsSync(path)) {
      throw new AppError('not_found', `There is no log at ${path}.`, {
        hint: 'A gateway that runs as a service logs to the journal: sudo journalctl -u openclaw.service -f',
      });
    }
    const show = (lines: string[]): void => lines.forEach((line) => out.line(call.args.json ? line : readable(line)));
    let at = Math.max(0, statSync(path).size - TAIL_BYTES);
    const first = readFrom(path, at);
    at = first.end;
    show(first.lines.slice(-(Number(call.args.limit) || 200)));
    while (call.args.follow) {
      await sleep(LOOK_AGAIN_MS);
      const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      // The file was replaced by a new one.
      if (size < at) at = 0;
      const more = readFrom(path, at);
      at = more.end;
      show(more.lines);
    }
  },
});

/** Whole lines from a position on, and where they end. */
function readFrom(path: string, from: number): { lines: string[]; end: number } {
  const file = openSync(path, 'r');
  try {
    const size = statSync(path).size - from;
    if (size <= 0) return { lines: [], end: from };
    const bytes = Buffer.alloc(size);
    const text = bytes.subarray(0, readSync(file, bytes, 0, size, from)).toString('utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    return { lines: whole.split('\n').filter(Boolean), end: from + Buffer.byteLength(whole) };
  } finally {
    closeSync(file);
  }
}

const LEVELS: Record<number, string> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };

function readable(line: string): string {
  try {
    const { level, time, message, ...fields } = JSON.parse(line) as { level: number; time: number; message: string };
    const rest = Object.keys(fields).length ? `  ${JSON.stringify(fields)}` : '';
    return `${new Date(time).toISOString()} ${(LEVELS[level] ?? '').padEnd(5)} ${message}${rest}`;
  } catch {
    return line;
  }
}
