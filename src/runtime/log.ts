/**
 * The log lines of this process: JSON for machines, short text for a terminal, one line each.
 * Every line is redacted as a whole, by value and by shape, at the last moment before it leaves.
 */
import { writeSync } from 'node:fs';
import type { Log, LogFields } from '../domain/log.ts';
import { redact } from '../domain/redaction.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  level: LogLevel;
  /** `journal`: JSON behind the priority that systemd reads (sd-daemon(3)); `json`; `text`: for a terminal. */
  style: 'journal' | 'json' | 'text';
  /** Takes whole lines. Default: standard error. */
  write?: (line: string) => void;
}

/** The numbers that log readers know, and the priorities of syslog. */
const LEVELS = {
  debug: { number: 20, priority: 7 },
  info: { number: 30, priority: 6 },
  warn: { number: 40, priority: 4 },
  error: { number: 50, priority: 3 },
} as const;

type Level = keyof typeof LEVELS;

interface Out {
  least: number;
  style: LogOptions['style'];
  write(line: string): void;
}

/** A line that cannot be written throws: the log file and standard error know what to do about that. */
export function createLog({ level, style, write = toStandardError }: LogOptions): Log {
  const least = level === 'silent' ? Infinity : LEVELS[level].number;
  return logOf({ least, style, write: (line) => write(redact(line)) }, {});
}

function toStandardError(line: string): void {
  writeSync(2, line);
}

function logOf(out: Out, bound: LogFields): Log {
  const at = (level: Level): Log[Level] => {
    if (LEVELS[level].number < out.least) return () => {};
    return (fields, message) => out.write(render(level, { ...bound, ...fields }, message, out.style));
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => logOf(out, { ...bound, ...fields }),
  };
}

// oxlint-disable-next-line max-params
function render(level: Level, fields: LogFields, message: string, style: LogOptions['style']): string {
  const { number, priority } = LEVELS[level];
  const values = Object.entries(fields).map(([name, value]) => [name, jsonOf(value)] as const);
  const known = values.filter((entry): entry is readonly [string, string] => entry[1] !== undefined);
  if (style === 'text') return asText(level, known, message);
  const body = known.map(([name, json]) => `,${JSON.stringify(name)}:${json}`).join('');
  const line = `{"level":${number},"time":${Date.now()}${body},"message":${JSON.stringify(message)}}\n`;
  return style === 'journal' ? `<${priority}>${line}` : line;
}

function asText(level: Level, fields: readonly (readonly [string, string])[], message: string): string {
  const rest = fields.map(([name, json]) => `${name}=${plainText(json)}`).join(' ');
  return `${new Date().toISOString().slice(11, 19)} ${level.padEnd(5)} ${message}${rest && `  ${rest}`}\n`;
}

/** Text without its quotes where it then still is one line. */
function plainText(json: string): string {
  return json.startsWith('"') && !json.includes('\\') ? json.slice(1, -1) : json;
}

/** Anything that was thrown may stand in a field. Undefined where there is nothing to show. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value instanceof Error ? plainError(value) : value);
  } catch {
    // A circle, a BigInt, a getter that throws.
    return '"[cannot be shown]"';
  }
}

function plainError(error: Error): object {
  return { name: error.name, message: error.message, code: (error as { code?: unknown }).code, stack: error.stack };
}
