/**
 * Cuts Markdown into messages: nothing is lost but the white space at a cut, every piece is within the limit,
 * and a code fence that is cut is closed in one piece and opened again in the next. Knows no platform.
 */

/** Below this a fence could not be opened, closed and still hold text. */
export const SHORTEST_SPLIT_LIMIT = 400;

export interface SplitOptions {
  /** Longest piece in UTF-16 code units; at least `SHORTEST_SPLIT_LIMIT`. */
  limit: number;
  /** Every paragraph becomes a piece of its own, however short. */
  paragraphs?: boolean;
}

interface Fence {
  /** `> ` marks before the fence; the lines inside carry them too. */
  quote: string;
  /** Width of the list item that holds the fence. The next piece has no list, so its lines move to the left. */
  indent: number;
  marker: string;
  info: string;
}

interface Cut {
  /** Where the piece ends and where the next begins; the white space between them is dropped. */
  end: number;
  next: number;
  /** The fence that is open at the cut. */
  open: Fence | undefined;
  /** `> ` marks of a line that was cut in two: its second half needs them too. */
  quote?: string;
}

/** Pure. Text without anything visible gives no piece. */
export function splitMarkdown(markdown: string, { limit, paragraphs = false }: SplitOptions): string[] {
  if (limit < SHORTEST_SPLIT_LIMIT) throw new RangeError(`a split limit below ${SHORTEST_SPLIT_LIMIT}`);
  if (paragraphs) return paragraphsOf(markdown).flatMap((paragraph) => splitByLength(paragraph, limit));
  return splitByLength(markdown, limit);
}

function splitByLength(markdown: string, limit: number): string[] {
  if (markdown.length <= limit) return markdown.trim() === '' ? [] : [markdown];
  const pieces: string[] = [];
  let rest = markdown;
  let open: Fence | undefined;
  while (rest.trim() !== '') {
    const head = openingOf(open);
    const cut = head.length + rest.length <= limit ? whole(rest, open, limit - head.length) : undefined;
    const { end, next, open: left, quote = '' } = cut ?? chooseCut(rest, open, limit - head.length);
    const body = left === undefined ? rest.slice(0, end).trimEnd() : rest.slice(0, end);
    if (body.trim() !== '') pieces.push(head + body + closingOf(left));
    rest = quote + rest.slice(next);
    open = left;
    if (open !== undefined) [rest, open] = continueFence(rest, open);
  }
  return pieces;
}

/** The last piece, unless the closing of a fence that never ends no longer fits. */
function whole(rest: string, open: Fence | undefined, room: number): Cut | undefined {
  const left = fenceAfter(rest, open);
  const end = left === undefined ? rest.length : rest.trimEnd().length;
  return end + closingOf(left).length <= room ? { end, next: rest.length, open: left } : undefined;
}

/**
 * A fence in no more than 80 characters: ``` or ~~~, perhaps in a quote or a list item.
 * Every repetition has a bound, so the pattern is linear.
 */
const OPENING = /^((?: {0,3}>[ \t]?){0,4})((?:[ \t]|[-*+][ \t]|\d{1,9}[.)][ \t]){0,24})(`{3,16}(?!`)|~{3,16}(?!~))(.{0,80})$/;
const LONGEST_OPENING = 80;
const QUOTE = /^(?: {0,3}>[ \t]?){0,4}/;
const LONGEST_INFO = 20;

function fenceOpened(line: string): Fence | undefined {
  if (line.length > LONGEST_OPENING) return undefined;
  const [, quote = '', list = '', marker = '', info = ''] = OPENING.exec(line.trimEnd()) ?? [];
  if (marker === '' || (marker.startsWith('`') && info.includes('`'))) return undefined;
  return { quote, indent: quote === '' ? list.length : 0, marker, info: info.trim().split(/\s/, 1)[0] ?? '' };
}

function isClosing(line: string, fence: Fence): boolean {
  const inner = fence.quote === '' ? line : line.replace(/^[ \t>]*>/, '');
  const bare = inner.trim();
  if (bare.length < fence.marker.length || bare !== fence.marker.charAt(0).repeat(bare.length)) return false;
  return inner.length - inner.trimStart().length <= fence.indent + 3;
}

function stepFence(line: string, open: Fence | undefined): Fence | undefined {
  if (open === undefined) return fenceOpened(line);
  // A quote that ends takes its fence with it.
  if (open.quote !== '' && !/^ {0,3}>/.test(line)) return fenceOpened(line);
  return isClosing(line, open) ? undefined : open;
}

function fenceAfter(text: string, open: Fence | undefined): Fence | undefined {
  let state = open;
  for (const line of text.split('\n')) state = stepFence(line, state);
  return state;
}

function openingOf(fence: Fence | undefined): string {
  if (fence === undefined) return '';
  return `${fence.quote}${fence.marker}${fence.info.length <= LONGEST_INFO ? fence.info : ''}\n`;
}

function closingOf(fence: Fence | undefined): string {
  return fence === undefined ? '' : `\n${fence.quote}${fence.marker}`;
}

/** What follows a cut inside a fence: the list's indent goes, and a closing line that would close nothing. */
function continueFence(rest: string, open: Fence): [string, Fence | undefined] {
  const lines = rest.split('\n');
  const end = lines.findIndex((line) => isClosing(line, open));
  if (end === 0) return [lines.slice(1).join('\n'), undefined];
  if (open.indent === 0) return [rest, open];
  const margin = new RegExp(`^[ \\t]{0,${open.indent}}`);
  const last = end === -1 ? lines.length : end + 1;
  const moved = lines.map((line, index) => (index < last ? line.replace(margin, '') : line));
  return [moved.join('\n'), { ...open, indent: 0 }];
}

/** The best place to end a piece of at most `room` units. A break in the first third is too early to be good. */
function chooseCut(text: string, open: Fence | undefined, room: number): Cut {
  const earliest = Math.floor(room / 3);
  const { paragraph, line, code, lineStart, state } = lineBreaks(text, open, room);
  if (paragraph >= earliest) return textCut(text, paragraph);
  if (line >= earliest) return textCut(text, line);
  if (code !== undefined && code.end >= earliest) return code;
  const quote = QUOTE.exec(text.slice(lineStart, lineStart + LONGEST_OPENING))?.[0] ?? '';
  if (state === undefined) return { ...cutInLine(text, Math.max(earliest, lineStart + 1), room), quote };
  const end = graphemeStart(text, room - closingOf(state).length);
  return { end, next: end, open: state, quote };
}

interface LineBreaks {
  /** Ends of the last paragraph and the last line outside code that fit; -1 where there is none. */
  paragraph: number;
  line: number;
  /** After the last line of code that fits. */
  code: Cut | undefined;
  /** Where the first line begins that does not fit, and the fence around it. */
  lineStart: number;
  state: Fence | undefined;
}

function lineBreaks(text: string, open: Fence | undefined, room: number): LineBreaks {
  const found: LineBreaks = { paragraph: -1, line: -1, code: undefined, lineStart: 0, state: open };
  for (;;) {
    const end = text.indexOf('\n', found.lineStart);
    if (end === -1 || end > room) return found;
    const before = found.state;
    const after = stepFence(text.slice(found.lineStart, end), before);
    if (after === undefined) {
      found.line = end;
      if (/^[ \t\r]*(?:\n|$)/.test(text.slice(end + 1, end + 80))) found.paragraph = end;
    } else if (before !== undefined && end + closingOf(after).length <= room) {
      // Not right behind the opening line: that would leave an empty block.
      found.code = { end, next: end + 1, open: after };
    }
    found.state = after;
    found.lineStart = end + 1;
  }
}

/** Outside code: blank lines at the cut go, the indent of the next line stays. */
function textCut(text: string, end: number): Cut {
  const blank = /^(?:[ \t\r]*\n)*/.exec(text.slice(end)) as RegExpExecArray;
  return { end, next: end + Math.max(1, blank[0].length), open: undefined };
}

const SENTENCE_END = /[.!?…]["'”’)\]*_]{0,4}\s|[。！？]/g;

function cutInLine(text: string, from: number, last: number): Cut {
  const window = text.slice(from, last + 1);
  let sentence = -1;
  for (const match of window.matchAll(SENTENCE_END)) sentence = from + match.index + match[0].length;
  if (sentence !== -1 && sentence <= last) return { end: sentence, next: sentence, open: undefined };
  const word = window.search(/\s\S*$/);
  if (word !== -1) return { end: from + word, next: from + word + 1, open: undefined };
  const end = graphemeStart(text, last);
  return { end, next: end, open: undefined };
}

/** As far back as one visible character is looked for. */
const GRAPHEME_REACH = 64;
let segmenter: Intl.Segmenter | undefined;

/** The place at or before `index` where a visible character begins; at least never inside a surrogate pair. */
function graphemeStart(text: string, index: number): number {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  const from = pairStart(text, Math.max(0, index - GRAPHEME_REACH));
  const around = segmenter.segment(text.slice(from, index + GRAPHEME_REACH)).containing(index - from);
  return around === undefined || around.index === 0 ? pairStart(text, index) : from + around.index;
}

function pairStart(text: string, index: number): number {
  const isInside = /[\uDC00-\uDFFF]/.test(text.charAt(index)) && /[\uD800-\uDBFF]/.test(text.charAt(index - 1));
  return isInside ? index - 1 : index;
}

function paragraphsOf(markdown: string): string[] {
  const paragraphs: string[] = [];
  let lines: string[] = [];
  let open: Fence | undefined;
  for (const line of markdown.split('\n')) {
    open = stepFence(line, open);
    if (open === undefined && line.trim() === '') {
      paragraphs.push(lines.join('\n'));
      lines = [];
    } else lines.push(line);
  }
  return [...paragraphs, lines.join('\n')];
}
