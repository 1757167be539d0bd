/**
 * Changes one value of a JSON5 text and leaves every other byte as it is: comments, order, quotes, trailing commas.
 * Pure. Throws AppError `invalid` where the path leads through something that is no object or list.
 */
import { AppError } from '../../domain/errors.ts';
import { lineIndent, styleOf, writeKey, writeValue, type Style } from './style.ts';
import { skipSpace, type Span } from './tokens.ts';
import { nodeAt, parseTree, type ArrayNode, type ObjectNode, type TreeNode } from './tree.ts';

type Path = readonly (string | number)[];

/** The text with `value` at `path`; objects that are missing on the way are made. */
export function setValue(text: string, path: Path, value: unknown): string {
  const root = parseTree(text);
  const style = styleOf(text, root);
  if (!root) return withNewRoot(text, nest(path, value), style);
  const depth = existingDepth(root, path);
  const node = nodeAt(root, path.slice(0, depth)) as TreeNode;
  if (depth === path.length)
    return replace(text, node, writeValue(value, quotedLike(text, node, style), indentationAt(text, node)));
  const step = path[depth] as string | number;
  const rest = nest(path.slice(depth + 1), value);
  if (node.kind === 'object') return insert(text, node, { key: String(step), value: rest, style });
  if (node.kind === 'array' && step === node.items.length) return insert(text, node, { value: rest, style });
  throw noPlace(node, step);
}

/** The text without what stands at `path`; undefined when nothing does. */
export function removeValue(text: string, path: Path): string | undefined {
  const root = parseTree(text);
  const container = nodeAt(root, path.slice(0, -1));
  if (!container || container.kind === 'scalar') return undefined;
  const spans = spansOf(container);
  const place =
    container.kind === 'array' ? Number(path.at(-1)) : container.members.findIndex(({ key }) => key === String(path.at(-1)));
  const span = spans[place];
  return span ? cut(text, container, spans, place) : undefined;
}

function noPlace(node: TreeNode | Pick<ArrayNode, 'items'>, step: string | number): AppError {
  if ('items' in node) {
    return new AppError('invalid', `the list has ${node.items.length} entries: there is no place ${step}`, {
      hint: `Use [${node.items.length}] to add one at the end.`,
    });
  }
  return new AppError('invalid', `${JSON.stringify(step)} cannot be set below a value that is no object`, {
    hint: 'Remove that value first, or set it to an object.',
  });
}

/** How many steps of the path exist. */
function existingDepth(root: TreeNode, path: Path): number {
  let depth = 0;
  while (depth < path.length && nodeAt(root, path.slice(0, depth + 1))) depth += 1;
  return depth;
}

/** Objects, and lists with one entry, around a value that stands where nothing is yet. */
function nest(path: Path, value: unknown): unknown {
  const skips = path.find((step) => typeof step === 'number' && step > 0);
  if (skips !== undefined) throw noPlace({ items: [] }, skips);
  return path.toReversed().reduce((inner, step) => (typeof step === 'number' ? [inner] : { [step]: inner }), value);
}

function spansOf(container: ObjectNode | ArrayNode): Span[] {
  return container.kind === 'array'
    ? container.items
    : container.members.map(({ keySpan, value }) => ({ start: keySpan.start, end: value.end }));
}

function replace(text: string, { start, end }: Span, replacement: string): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/** What replaces a text keeps its quotes. */
function quotedLike(text: string, node: TreeNode, style: Style): Style {
  const first = text[node.start];
  return first === '"' || first === "'" ? { ...style, quote: first } : style;
}

/** Undefined in a text of one line: it stays one. */
function indentationAt(text: string, { start }: Span): string | undefined {
  return text.trim().includes('\n') ? lineIndent(text, start) : undefined;
}

function withNewRoot(text: string, value: unknown, style: Style): string {
  const before = text.trimEnd();
  return `${before}${before ? style.newline : ''}${writeValue(value, style, '')}${style.newline}`;
}

interface Addition {
  /** Absent for a list. */
  key?: string;
  value: unknown;
  style: Style;
}

function insert(text: string, container: ObjectNode | ArrayNode, addition: Addition): string {
  const spans = spansOf(container);
  const last = spans.at(-1);
  return last ? insertAfter(text, container, last, addition) : insertFirst(text, container, addition);
}

function written({ key, value, style }: Addition, indentation: string | undefined): string {
  return `${key === undefined ? '' : `${writeKey(key, style)}: `}${writeValue(value, style, indentation)}`;
}

function insertFirst(text: string, container: Span, addition: Addition): string {
  const { newline, indent } = addition.style;
  const inner = text.slice(container.start + 1, container.end - 1).trimEnd();
  const outer = lineIndent(text, container.start);
  if (!inner && container.start > 0 && indentationAt(text, container) === undefined) {
    const pad = /\{ \S/.test(text) ? ' ' : '';
    return replace(text, inside(container), `${pad}${written(addition, undefined)}${pad}`);
  }
  const added = `${inner}${newline}${outer}${indent}${written(addition, outer + indent)}${newline}${outer}`;
  return replace(text, inside(container), added);
}

function inside({ start, end }: Span): Span {
  return { start: start + 1, end: end - 1 };
}

function insertAfter(text: string, container: ObjectNode | ArrayNode, last: Span, addition: Addition): string {
  const next = skipSpace(text, last.end);
  const trailingComma = text[next] === ',';
  const onOwnLine = /^(?:[ \t]|\/\*(?:(?!\*\/)[^\n])*\*\/)*$/.test(
    text.slice(text.lastIndexOf('\n', last.start - 1) + 1, last.start),
  );
  const comma = trailingComma ? '' : ',';
  const closing = trailingComma ? ',' : '';
  if (!onOwnLine) {
    const at = trailingComma ? next + 1 : last.end;
    return `${text.slice(0, at)}${comma} ${written(addition, undefined)}${closing}${text.slice(at)}`;
  }
  const indentation = lineIndent(text, last.start);
  const at = endOfLine(text, trailingComma ? next + 1 : last.end, container.end - 1);
  const added = `${addition.style.newline}${indentation}${written(addition, indentation)}${closing}`;
  // The comma follows the value at once; a comment behind it stays on its line.
  return `${text.slice(0, last.end)}${comma}${text.slice(last.end, at)}${added}${text.slice(at)}`;
}

/** Behind a comment that follows on the same line, if the line ends there; else `at` itself. */
function endOfLine(text: string, at: number, limit: number): number {
  const rest = /^(?:[ \t]|\/\*(?:(?!\*\/)[^\n])*\*\/)*(?:\/\/[^\r\n]*)?(?=\r?\n)/.exec(text.slice(at, limit));
  return rest ? at + rest[0].length : at;
}

/** Takes out one entry with its comma, and with its line and what is said on it when it stands alone there. */
function cut(text: string, container: ObjectNode | ArrayNode, spans: readonly Span[], place: number): string {
  const { start, end } = spans[place] as Span;
  if (spans.length === 1 && isAlone(text, container, { start, end })) return replace(text, inside(container), '');
  const next = skipSpace(text, end);
  const previous = spans[place - 1];
  if (text[next] !== ',')
    return previous ? cutLast(text, container, { start, end }, previous) : replace(text, { start, end }, '');
  const entry = { start, end: next + 1 };
  return replace(text, wholeLine(text, entry, container) ?? withGap(text, entry, container, previous !== undefined), '');
}

/** The last one goes and no comma follows it: the comma before it would now be a trailing one. */
function cutLast(text: string, container: Span, entry: Span, previous: Span): string {
  const line = wholeLine(text, entry, container);
  const comma = skipSpace(text, previous.end);
  const kept = text.slice(0, comma) + text.slice(comma + 1, line?.start ?? entry.start);
  // Only blanks: a line break may end a comment.
  return line ? kept + text.slice(line.end) : kept.replace(/[ \t]+$/, '') + text.slice(entry.end);
}

/** With the blanks behind it, or before it when the container ends there. */
function withGap(text: string, { start, end }: Span, container: Span, follows: boolean): Span {
  const after = /^[ \t]*/.exec(text.slice(end))?.[0].length ?? 0;
  if (end + after < container.end - 1) return { start, end: end + after };
  const before = follows ? (/[ \t]*$/.exec(text.slice(0, start))?.[0].length ?? 0) : 0;
  return { start: start - before, end };
}

/** Nothing else stands in the container: no comment, at most a comma. */
function isAlone(text: string, container: Span, entry: Span): boolean {
  return /^\s*,?\s*$/.test(text.slice(container.start + 1, entry.start) + text.slice(entry.end, container.end - 1));
}

/** The line or lines that an entry fills alone, with their end; undefined when it shares them. */
function wholeLine(text: string, entry: Span, container: Span): Span | undefined {
  const start = text.lastIndexOf('\n', entry.start - 1) + 1;
  const end = endOfLine(text, entry.end, container.end - 1);
  const lineBreak = /^\r?\n/.exec(text.slice(end))?.[0];
  const alone = start > container.start && /^[ \t]*$/.test(text.slice(start, entry.start));
  return alone && lineBreak ? { start, end: end + lineBreak.length } : undefined;
}
