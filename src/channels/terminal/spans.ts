/** Owns Markdown inside a line on a terminal: bold, italic and code become the terminal's own. Pure. */

export interface SpanState {
  bold: boolean;
  italic: boolean;
  code: boolean;
}

export type Style = (format: 'bold' | 'italic' | 'cyan' | 'dim', text: string) => string;

export function plainState(): SpanState {
  return { bold: false, italic: false, code: false };
}

const MARKS = /\*\*|__|`|\*|_/g;

/** Styles a piece of a line; what is open at its end is open at the start of the next, so `state` is changed. */
export function styleSpans(text: string, state: SpanState, style: Style): string {
  let shown = '';
  let from = 0;
  for (const match of text.matchAll(MARKS)) {
    const mark = match[0];
    const around = { before: text.charAt(match.index - 1), after: text.charAt(match.index + mark.length) };
    if (!turns(mark, state, around)) continue;
    shown += dress(text.slice(from, match.index), state, style);
    from = match.index + mark.length;
    if (mark === '`') state.code = !state.code;
    else if (mark.length === 2) state.bold = !state.bold;
    else state.italic = !state.italic;
  }
  return shown + dress(text.slice(from), state, style);
}

/** Whether a mark opens or closes something: `2 * 3` and `snake_case` are just text. */
function turns(mark: string, state: SpanState, { before, after }: { before: string; after: string }): boolean {
  if (mark === '`') return true;
  if (state.code) return false;
  const isOpen = mark.length === 2 ? state.bold : state.italic;
  if (isOpen) return /\S/.test(before) && !(mark.startsWith('_') && /\w/.test(after));
  return /\S/.test(after) && !/\w/.test(before);
}

function dress(text: string, state: SpanState, style: Style): string {
  if (text === '') return '';
  if (state.code) return style('cyan', text);
  const italic = state.italic ? style('italic', text) : text;
  return state.bold ? style('bold', italic) : italic;
}
