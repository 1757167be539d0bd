/**
 * Owns arithmetic as people type it: + - * / % ^, brackets, decimals, signs. Never `eval`.
 */

/** Deep enough for people, shallow enough for the stack. */
const MAX_DEPTH = 100;

interface Cursor {
  tokens: string[];
  at: number;
  depth: number;
}

/** Numbers, signs and brackets only, and at least one operation. */
export function isArithmetic(text: string): boolean {
  return /^[\d\s.,()+\-*/%^×÷]+$/.test(text) && /\d\s*[+\-*/%^×÷]|[(-]\s*\d/.test(text);
}

/** The value, or undefined where the text is no arithmetic or has no value (division by zero, too large). */
export function calculate(text: string): number | undefined {
  const plain = text
    .replaceAll('×', '*')
    .replaceAll('÷', '/')
    .replaceAll('**', '^')
    .replace(/(\d),(?=\d{3}\b)/g, '$1');
  const tokens = plain.match(/\d+(?:\.\d+)?|\.\d+|[-+*/%^()]|\S/g) ?? [];
  const cursor: Cursor = { tokens, at: 0, depth: 0 };
  const value = sum(cursor);
  return cursor.at === tokens.length && value !== undefined && Number.isFinite(value) ? value : undefined;
}

type Operation = (left: number, right: number) => number;

const SUMS: Readonly<Record<string, Operation>> = { '+': (a, b) => a + b, '-': (a, b) => a - b };
const PRODUCTS: Readonly<Record<string, Operation>> = { '*': (a, b) => a * b, '/': (a, b) => a / b, '%': (a, b) => a % b };

function sum(cursor: Cursor): number | undefined {
  return chain(cursor, SUMS, product);
}

function product(cursor: Cursor): number | undefined {
  return chain(cursor, PRODUCTS, signed);
}

function chain(
  cursor: Cursor,
  operations: Readonly<Record<string, Operation>>,
  operand: (cursor: Cursor) => number | undefined,
): number | undefined {
  let value = operand(cursor);
  for (;;) {
    const operation = operations[cursor.tokens[cursor.at] ?? ''];
    if (!operation || value === undefined) return value;
    cursor.at += 1;
    const right = operand(cursor);
    value = right === undefined ? undefined : operation(value, right);
  }
}

function signed(cursor: Cursor): number | undefined {
  const sign = cursor.tokens[cursor.at];
  if (sign !== '-' && sign !== '+') return power(cursor);
  cursor.at += 1;
  const value = deeper(cursor, signed);
  return value === undefined ? undefined : sign === '-' ? -value : value;
}

/** Binds to the right: 2^3^2 is 2^9. */
function power(cursor: Cursor): number | undefined {
  const base = atom(cursor);
  if (base === undefined || cursor.tokens[cursor.at] !== '^') return base;
  cursor.at += 1;
  const exponent = deeper(cursor, signed);
  return exponent === undefined ? undefined : base ** exponent;
}

function atom(cursor: Cursor): number | undefined {
  const token = cursor.tokens[cursor.at] ?? '';
  cursor.at += 1;
  if (token !== '(') return /^[\d.]/.test(token) ? Number(token) : undefined;
  const value = deeper(cursor, sum);
  const isClosed = cursor.tokens[cursor.at] === ')';
  cursor.at += 1;
  return isClosed ? value : undefined;
}

function deeper(cursor: Cursor, read: (cursor: Cursor) => number | undefined): number | undefined {
  if (cursor.depth >= MAX_DEPTH) return undefined;
  cursor.depth += 1;
  const value = read(cursor);
  cursor.depth -= 1;
  return value;
}

/** As people write it: without the noise of binary fractions. */
export function formatNumber(value: number): string {
  return String(Number(value.toPrecision(12)));
}
