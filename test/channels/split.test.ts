import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { lexer, type Token } from 'marked';
import { splitMarkdown } from '../../src/domain/split.ts';

const LIMIT = 400;

const word = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-zäß]{1,12}$/) },
  { weight: 1, arbitrary: fc.constantFrom('👩‍👩‍👧', '🇩🇪', 'é', '漢字。', '**bold**', '`code`', '[a](http://b.c/d)', 'e\u0301') },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-z]{100,900}$/) },
);
const sentence = fc.array(word, { minLength: 1, maxLength: 60 }).map((words) => `${words.join(' ')}.`);
const paragraph = fc.array(sentence, { minLength: 1, maxLength: 6 }).map((sentences) => sentences.join(' '));
const codeLine = fc.oneof(fc.stringMatching(/^ {0,8}[a-z(){};=]{1,70}$/), fc.constant(''), fc.stringMatching(/^[a-z]{300,600}$/));
const code = fc
  .tuple(
    fc.constantFrom('```', '~~~', '````'),
    fc.constantFrom('', 'js', 'typescript'),
    fc.array(codeLine, { minLength: 1, maxLength: 60 }),
  )
  .map(([marker, info, lines]) => [`${marker}${info}`, ...lines, marker].join('\n'));
const list = fc.array(sentence, { minLength: 1, maxLength: 12 }).map((items) => items.map((item) => `- ${item}`).join('\n'));
const listWithCode = fc.tuple(sentence, code).map(([item, block]) => `1. ${item}\n\n${block.replace(/^/gm, '   ')}`);
const quotedCode = code.map((block) => `> said:\n${block.replace(/^/gm, '> ')}`);
const document = fc
  .array(fc.oneof(paragraph, paragraph, code, list, listWithCode, quotedCode), { minLength: 1, maxLength: 8 })
  .map((blocks) => blocks.join('\n\n'));

const FENCE_LINE = /^[ \t>]*(?:`{3,}|~{3,})\S*[ \t\r]*$/gm;

/** Everything that can be seen, without white space, quote marks and lines that only open or close a fence. */
function visible(text: string): string {
  return text.replace(FENCE_LINE, '').replace(/[\s>]/g, '');
}

/** Code as a Markdown reader sees it, line by line, whatever block it is in. */
function codeOf(tokens: Token[]): string[] {
  return tokens.flatMap((token) => {
    if (token.type === 'code') return token.text === '' ? [] : (token.text as string).split('\n');
    const children = 'items' in token ? (token.items as Token[]) : 'tokens' in token ? token.tokens : undefined;
    return codeOf(children ?? []);
  });
}

test('nothing is lost and every piece is within the limit', () => {
  fc.assert(
    fc.property(document, fc.integer({ min: LIMIT, max: 4096 }), (markdown, limit) => {
      const pieces = splitMarkdown(markdown, { limit });
      for (const piece of pieces) assert.ok(piece.length <= limit && piece.trim() !== '');
      assert.equal(pieces.map(visible).join(''), visible(markdown));
    }),
  );
});

test('code stays code, line by line, and text stays text', () => {
  fc.assert(
    fc.property(document, (markdown) => {
      const pieces = splitMarkdown(markdown, { limit: LIMIT });
      const join = (lines: string[]): string => lines.join('').replace(/\s/g, '');
      assert.equal(join(pieces.flatMap((piece) => codeOf(lexer(piece)))), join(codeOf(lexer(markdown))));
    }),
  );
});

test('any string at all: within the limit, no broken character', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: LIMIT, maxLength: 3000 }),
    fc.string({
      unit: fc.constantFrom('`', '~', '>', ' ', '\n', '-', '1.', 'ab', '👍🏽', '```', '\r\n'),
      minLength: LIMIT,
      maxLength: 2000,
    }),
  );
  fc.assert(
    fc.property(anything, fc.boolean(), (text, paragraphs) => {
      const pieces = splitMarkdown(text, { limit: LIMIT, paragraphs });
      for (const piece of pieces) assert.ok(piece.length <= LIMIT && piece.isWellFormed());
      assert.equal(pieces.map(visible).join(''), visible(text));
    }),
  );
});

test('a short text is one piece, as it is; a blank one is none', () => {
  assert.deepEqual(splitMarkdown('  indented\n', { limit: LIMIT }), ['  indented\n']);
  assert.deepEqual(splitMarkdown(' \n\t', { limit: LIMIT }), []);
  assert.deepEqual(splitMarkdown('\n'.repeat(LIMIT * 2), { limit: LIMIT }), []);
});

test('a cut prefers the paragraph, then the line, the sentence, the word', () => {
  const words = (count: number): string => 'word '.repeat(count).trim();
  const first = (text: string): string => splitMarkdown(text, { limit: LIMIT })[0] ?? '';
  assert.equal(first(`${words(40)}\n\n${words(30)}\n${words(40)}`), words(40));
  assert.equal(first(`${words(30)}\n${words(30)}. ${words(60)}`), words(30));
  assert.equal(first(`${words(50)}. ${words(60)}`), `${words(50)}.`);
  assert.equal(first(words(200)), words(80));
  assert.equal(first('x'.repeat(900)).length, LIMIT);
});

test('a visible character is not cut where it can be avoided', () => {
  const family = '👨‍👩‍👧‍👦';
  const pieces = splitMarkdown(`${'x'.repeat(LIMIT - 5)}${family.repeat(3)}`, { limit: LIMIT });
  assert.deepEqual(pieces, ['x'.repeat(LIMIT - 5), family.repeat(3)]);
});

test('a fence that is cut is closed and opened again with its language', () => {
  const lines = Array.from({ length: 60 }, (_, index) => `line ${index} of the code`);
  const pieces = splitMarkdown(['```js', ...lines, '```', 'after'].join('\n'), { limit: LIMIT });
  assert.ok(pieces.length > 3);
  for (const piece of pieces) assert.match(piece, /^```js\nline/);
  for (const piece of pieces.slice(0, -1)) assert.match(piece, /code\n```$/);
  assert.match(pieces.at(-1) ?? '', /```\nafter$/);
});

test('a fence inside a list item goes on without the list', () => {
  const lines = Array.from({ length: 40 }, (_, index) => `      line ${index}`);
  const [, second = ''] = splitMarkdown(['- item', '', '    ```py', ...lines, '    ```'].join('\n'), { limit: LIMIT });
  assert.match(second, /^```py\n  line \d+\n/);
});

test('a quote that is cut stays a quote', () => {
  for (const piece of splitMarkdown(`> ${'word '.repeat(300)}`, { limit: LIMIT })) assert.match(piece, /^> word/);
});

test('a fence that never ends is closed in every piece', () => {
  const pieces = splitMarkdown(`\`\`\`\n${'code line\n'.repeat(100)}`, { limit: LIMIT });
  for (const piece of pieces) assert.equal(piece.match(/^```$/gm)?.length, 2);
});

test('paragraph by paragraph when asked', () => {
  const pieces = splitMarkdown('one\n\ntwo\nlines\n\n```\na\n\nb\n```\n\n\nthree', { limit: LIMIT, paragraphs: true });
  assert.deepEqual(pieces, ['one', 'two\nlines', '```\na\n\nb\n```', 'three']);
});
