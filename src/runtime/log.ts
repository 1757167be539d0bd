/**
 * The log lines of this process: JSON for machines, short text for a terminal, one line each.
 * Every line is redacted as a whole, by value and by shape, at the last moment before it leaves.
 */
import { writeSync } from 'node:fs';
import { pino } from 'pino';
import type { Log } from '../domain/log.ts';
import { redact } from '../domain/redaction.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  level: LogLevel;
  /** `journal`: JSON behind the priority that systemd reads (sd-daemon(3)); `json`; `text`: for a terminal. */
  style: 'journal' | 'json' | 'text';
  /** Takes whole lines. Default: standard error. */
  write?: (line: string) => void;
}

/** pino's level numbers to syslog priorities. */
function priorityOf(level: number): number {
  if (level >= 50) return 3;
  if (level >= 40) return 4;
  return level >= 30 ? 6 : 7;
}

interface Line {
  level: number;
  time: number;
  message: string;
  [field: string]: unknown;
}

const LEVEL_NAMES: Record<number, string> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };

function asText(line: Line): string {
  const { level, time, message, ...fields } = line;
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${new Date(time).toISOString().slice(11, 19)} ${(LEVEL_NAMES[level] ?? '').padEnd(5)} ${message}${rest.length ? `  ${rest.join(' ')}` : ''}\n`;
}

function render(json: string, style: LogOptions['style']): string {
  if (style === 'json') return json;
  const line = JSON.parse(json) as Line;
  return style === 'text' ? asText(line) : `<${priorityOf(line.level)}>${json}`;
}

/** Fields named `error` or `cause` may hold anything that was thrown. */
function plainError(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { name: value.name, message: value.message, code: (value as { code?: unknown }).code, stack: value.stack };
}

export function createLog(options: LogOptions): Log {
  const write = options.write ?? ((line: string) => void writeSync(2, line));
  return pino(
    {
      level: options.level,
      base: null,
      messageKey: 'message',
      serializers: { error: plainError, cause: plainError },
    },
    { write: (json: string) => write(redact(render(json, options.style))) },
  );
}
