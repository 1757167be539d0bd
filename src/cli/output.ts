/**
 * How commands speak: results on standard output, everything else on standard error.
 * Nothing is printed without redaction, except through `raw`.
 */
import { writeSync } from 'node:fs';
import { styleText } from 'node:util';
import { redact } from '../domain/redaction.ts';

type Style = Parameters<typeof styleText>[0];

export interface Output {
  /** The terminal's colours are on. */
  readonly colour: boolean;
  line(text?: string): void;
  /** Progress and remarks: standard error. */
  note(text: string): void;
  json(value: unknown): void;
  /** Columns as wide as their widest cell; an empty list prints `empty`. */
  table(head: string[], rows: string[][], empty: string): void;
  style(style: Style, text: string): string;
  /** Exactly this text, not redacted: only for what the person asked to see by name. */
  raw(text: string): void;
}

export interface OutputOptions {
  colour: boolean;
  out?: (text: string) => void;
  err?: (text: string) => void;
}

/** writeSync of everything, also into a pipe that is full for a moment. */
function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EPIPE') return;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

export function createOutput(options: OutputOptions): Output {
  const out = options.out ?? ((text: string) => writeAll(1, text));
  const err = options.err ?? ((text: string) => writeAll(2, text));
  const style = (format: Style, text: string): string =>
    options.colour ? styleText(format, text, { validateStream: false }) : text;
  return {
    colour: options.colour,
    line: (text = '') => out(`${redact(text)}\n`),
    note: (text) => err(`${redact(text)}\n`),
    json: (value) => out(`${redact(JSON.stringify(value, null, 2))}\n`),
    table(head, rows, empty) {
      if (rows.length === 0) return out(`${empty}\n`);
      for (const line of layOut(head, rows)) out(`${redact(line)}\n`);
    },
    style,
    raw: (text) => out(text),
  };
}

function layOut(head: string[], rows: string[][]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
