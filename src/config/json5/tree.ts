/**
 * A JSON5 text as a tree that knows where everything stands in the text, so that errors can say where
 * and edits can leave the rest as it is. Every refusal is an AppError `invalid` with line and column.
 */
import { AppError } from '../../domain/errors.ts';
import { placeAt } from './place.ts';
import { decodeNumber, decodeString } from './scalars.ts';
import { SyntaxProblem, tokensOf, type Span, type Token } from './tokens.ts';

export interface ObjectNode extends Span {
  kind: 'object';
  members: Member[];
}
export interface ArrayNode extends Span {
  kind: 'array';
  items: TreeNode[];
}
interface ScalarNode extends Span {
  kind: 'scalar';
  value: string | number | boolean | null;
}
export type TreeNode = ObjectNode | ArrayNode | ScalarNode;

interface Member {
  key: string;
  keySpan: Span;
  value: TreeNode;
}

/** Larger texts are refused unread. */
export const LARGEST_TEXT = 512 * 1024;
const DEEPEST = 32;
/** Keys that would reach an object's prototype. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** Undefined for a text with nothing in it but space and comments. */
export function parseTree(text: string): TreeNode | undefined {
  if (text.length > LARGEST_TEXT) {
    throw new AppError('limit', `the text is larger than ${LARGEST_TEXT / 1024} KiB`, {
      hint: 'A configuration is a few kilobytes.',
    });
  }
  return new Parser(text, tokensOf(text)).parse();
}

/** The plain value of a node. */
export function valueOf(node: TreeNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'array') return node.items.map(valueOf);
  return Object.fromEntries(node.members.map(({ key, value }) => [key, valueOf(value)]));
}

/** The node at a path, or undefined. */
export function nodeAt(root: TreeNode | undefined, path: readonly (string | number)[]): TreeNode | undefined {
  let node = root;
  for (const step of path) {
    if (node?.kind === 'object') node = node.members.find(({ key }) => key === String(step))?.value;
    else if (node?.kind === 'array') node = node.items[Number(step)];
    else return undefined;
  }
  return node;
}

/** Longer words are not repeated in messages: they may be a secret. */
const LONGEST_SHOWN = 12;
const WORDS: Record<string, null | boolean> = { null: null, true: true, false: false };

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string, tokens: readonly Token[]) {
    this.#text = text;
    this.#tokens = tokens;
  }

  parse(): TreeNode | undefined {
    if (this.#peek().type === 'end') return undefined;
    const root = this.#value(0);
    if (this.#peek().type !== 'end') throw this.#unexpected('the end of the file');
    return root;
  }

  #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #take(): Token {
    return this.#tokens[this.#at++] as Token;
  }

  #problem(message: string, token: Span): SyntaxProblem {
    return new SyntaxProblem(message, placeAt(this.#text, token.start));
  }

  #unexpected(wanted: string): SyntaxProblem {
    const token = this.#peek();
    const found = token.type === 'end' ? 'the file ends' : `there is ${shown(token)}`;
    return this.#problem(`expected ${wanted}, but ${found}`, token);
  }

  #value(depth: number): TreeNode {
    if (depth > DEEPEST) throw this.#problem(`nested more than ${DEEPEST} levels deep`, this.#peek());
    const token = this.#peek();
    if (token.text === '{') return this.#object(depth);
    if (token.text === '[') return this.#array(depth);
    if (token.type === 'string' || token.type === 'number' || (token.type === 'word' && token.text in WORDS))
      return this.#scalar();
    throw this.#unexpected('a value');
  }

  #scalar(): ScalarNode {
    const token = this.#take();
    return { kind: 'scalar', value: this.#decode(token), start: token.start, end: token.end };
  }

  #decode(token: Token): ScalarNode['value'] {
    if (token.type === 'number') return decodeNumber(token.text);
    if (token.type === 'word') return WORDS[token.text] as boolean | null;
    const value = decodeString(token.text);
    if (value === undefined) throw this.#problem('an escape in this text is not one of JSON5', token);
    return value;
  }

  #array(depth: number): ArrayNode {
    const { start } = this.#take();
    const items: TreeNode[] = [];
    while (this.#peek().text !== ']') {
      items.push(this.#value(depth + 1));
      this.#separator(']');
    }
    return { kind: 'array', items, start, end: this.#take().end };
  }

  #object(depth: number): ObjectNode {
    const { start } = this.#take();
    const members: Member[] = [];
    const seen = new Set<string>();
    while (this.#peek().text !== '}') {
      const member = this.#member(depth);
      if (seen.has(member.key)) throw this.#problem(`"${member.key}" is written twice`, member.keySpan);
      seen.add(member.key);
      members.push(member);
      this.#separator('}');
    }
    return { kind: 'object', members, start, end: this.#take().end };
  }

  #member(depth: number): Member {
    const token = this.#peek();
    if (token.type !== 'word' && token.type !== 'string') throw this.#unexpected('a key or }');
    this.#take();
    const key = token.type === 'word' ? token.text : String(this.#decode(token));
    if (FORBIDDEN_KEYS.has(key)) throw this.#problem(`"${key}" cannot be a key`, token);
    if (this.#peek().text !== ':') throw this.#unexpected(`a colon after ${shown(token)}`);
    this.#take();
    return { key, keySpan: { start: token.start, end: token.end }, value: this.#value(depth + 1) };
  }

  #separator(closing: string): void {
    if (this.#peek().text === ',') this.#take();
    else if (this.#peek().text !== closing) throw this.#unexpected(`a comma or ${closing}`);
  }
}

function shown(token: Token): string {
  return token.text.length > LONGEST_SHOWN ? 'something else' : token.text;
}
