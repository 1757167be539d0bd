/**
 * Owns a growing Markdown text as lines of a terminal. Each line is given out once, when it is sure not to change:
 * it ended, or it is as wide as the screen. Pure.
 */
import { plainState, styleSpans, type SpanState, type Style } from './spans.ts';

export interface Look {
  /** Cells of a line, as it is now. */
  columns(): number;
  style: Style;
}

export interface Printer {
  /**
   * The lines that `text`, the whole of it so far, adds to what was given out; with `last` all of it.
   * Undefined when it contradicts what was given out.
   */
  take(text: string, last: boolean): string[] | undefined;
}

const NARROWEST = 20;
/** Cells kept free for bullets and indents. */
const MARGIN = 4;
const LONGEST_RULE = 40;
const RULE = /^\s*([-*_])(?:\s*\1){2,}\s*$/;

interface Progress {
  /** What was given out. */
  given: string;
  /** The marker of the code block that is open. */
  fence: string | undefined;
  /** What stands before the next piece of the line: its bullet at first, then the room below it. Undefined at a line's start. */
  margin: string | undefined;
  heading: boolean;
  spans: SpanState;
}

interface Line {
  text: string;
  /** It will not get longer. */
  whole: boolean;
}

export function createPrinter(look: Look): Printer {
  const progress: Progress = { given: '', fence: undefined, margin: undefined, heading: false, spans: plainState() };
  return {
    take(text, last) {
      if (!text.startsWith(progress.given)) return undefined;
      const lines: string[] = [];
      for (;;) {
        const end = text.indexOf('\n', progress.given.length);
        const line = { text: text.slice(progress.given.length, end === -1 ? undefined : end), whole: end !== -1 || last };
        if (end === -1 && line.text === '') return lines;
        progress.given += line.text.slice(0, advance(progress, line, lines, look));
        if (end === -1) return lines;
        progress.given += '\n';
        progress.margin = undefined;
      }
    },
  };
}

/** Adds the lines that can be shown, and returns how much of the line they cover. */
function advance(progress: Progress, line: Line, lines: string[], look: Look): number {
  const [, mark, info = ''] = /^\s*(```+|~~~+)([^`]*)$/.exec(line.text) ?? [];
  const isText = progress.fence === undefined && (mark === undefined || progress.margin !== undefined);
  if (isText) return wrap(progress, line, lines, look);
  // Code is not wrapped: who copies it wants it as it is.
  if (!line.whole) return 0;
  if (progress.fence === undefined) {
    progress.fence = mark;
    if (info.trim() !== '') lines.push(`  ${look.style('dim', info.trim())}`);
  } else if (mark?.startsWith(progress.fence) && info.trim() === '') progress.fence = undefined;
  else lines.push(`  ${look.style('cyan', line.text)}`);
  return line.text.length;
}

function wrap(progress: Progress, { text, whole }: Line, lines: string[], look: Look): number {
  const room = Math.max(NARROWEST, look.columns() - MARGIN);
  if (!whole && text.length <= room + MARGIN) return 0;
  const isFresh = progress.margin === undefined;
  if (isFresh && whole && RULE.test(text)) {
    lines.push('─'.repeat(Math.min(LONGEST_RULE, room)));
    return text.length;
  }
  let rest = isFresh ? begin(progress, text, look.style) : text;
  while (rest.length > room) {
    const space = rest.lastIndexOf(' ', room);
    const end = space > 0 ? space : room;
    lines.push(dress(progress, rest.slice(0, end), look.style));
    rest = rest.slice(end).replace(/^ /, '');
  }
  if (!whole) return text.length - rest.length;
  if (rest !== '' || isFresh) lines.push(dress(progress, rest, look.style));
  return text.length;
}

/** Notes what the start of a line makes of it, and returns the rest. */
function begin(progress: Progress, line: string, style: Style): string {
  const [head = '', indent = '', mark = ''] = /^(\s*)(#{1,6}(?=\s)|[-*+](?=\s)|>)?[ \t]?/.exec(line) ?? [];
  progress.spans = plainState();
  progress.heading = mark.startsWith('#');
  const isBare = mark === '' || progress.heading;
  progress.margin = isBare ? indent : indent + (mark === '>' ? style('dim', '│ ') : '• ');
  return isBare && mark === '' ? line.slice(indent.length) : line.slice(head.length);
}

function dress(progress: Progress, piece: string, style: Style): string {
  const { margin = '', heading, spans } = progress;
  progress.margin = margin.replace('• ', '  ');
  return margin + (heading ? style('bold', piece.replace(/\*\*|__|`/g, '')) : styleSpans(piece, spans, style));
}
