import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { encodeString } from '../../src/config/json5/scalars.ts';
import { LARGEST_TEXT, parseTree, valueOf } from '../../src/config/json5/tree.ts';
import { isAppError } from '../../src/domain/errors.ts';

const read = (text: string): unknown => {
  const tree = parseTree(text);
  return tree && valueOf(tree);
};

test('everything that JSON5 allows is read', () => {
  const text = `// comment
  {
    bare: 1, "double": 'single "quotes"', 'single': "it's", default: true, null: null,
    numbers: [0x1F, -0x10, +.5, 5., 1e3, -Infinity, ], /* block */
    escapes: "\\x41\\u00e9\\v\\0\\
rest\\q",
    größe: 1,
  }`;
  assert.deepEqual(read(text), {
    bare: 1,
    double: 'single "quotes"',
    single: "it's",
    default: true,
    null: null,
    numbers: [31, -16, 0.5, 5, 1000, -Infinity],
    escapes: 'Aé\v\0restq',
    größe: 1,
  });
});

test('a text without a value is nothing', () => {
  for (const text of ['', '  \n', '// only a comment', '/* a */ /* b */\n', '\uFEFF']) assert.equal(read(text), undefined);
});

const wrong: [text: string, message: string][] = [
  ['{a:1 b:2}', 'line 1, column 6: expected a comma or }, but there is b'],
  ['{\n  a: 1\n  b: 2\n}', 'line 3, column 3: expected a comma or }, but there is b'],
  ['{a:', 'line 1, column 4: expected a value, but the file ends'],
  ['{a 1}', 'line 1, column 4: expected a colon after a, but there is 1'],
  ['{,}', 'line 1, column 2: expected a key or }, but there is ,'],
  ['[1 2]', 'line 1, column 4: expected a comma or ], but there is 2'],
  ['{} {}', 'line 1, column 4: expected the end of the file, but there is {'],
  ['{a: "x\n"}', 'line 1, column 5: this text in quotes does not end on its line'],
  ['{a: 1 /* x', 'line 1, column 7: this comment is not closed'],
  ['{a: 01}', 'line 1, column 5: this is no number of JSON5'],
  ['{a: .}', 'line 1, column 5: this is no number of JSON5'],
  ['{a: "\\1"}', 'line 1, column 5: an escape in this text is not one of JSON5'],
  ['{a: "\\u12"}', 'line 1, column 5: an escape in this text is not one of JSON5'],
  ['{a: #}', 'line 1, column 5: unexpected "#"'],
  ['{a: 1, "a": 2}', 'line 1, column 8: "a" is written twice'],
  ['{"__proto__": 1}', 'line 1, column 2: "__proto__" cannot be a key'],
  ['{a: {constructor: 1}}', 'line 1, column 6: "constructor" cannot be a key'],
  [`${'['.repeat(40)}`, 'line 1, column 34: nested more than 32 levels deep'],
  ['{token: sk-live-0123456789abcdef}', 'line 1, column 11: this is no number of JSON5'],
  ['{a: notquotedsecretvalue}', 'line 1, column 5: expected a value, but there is something else'],
];

for (const [text, message] of wrong) {
  test(`refused: ${text.slice(0, 40).replaceAll('\n', ' ')}`, () => {
    assert.throws(
      () => parseTree(text),
      (error) => isAppError(error, 'invalid') && error.message === message && error.hint !== undefined,
    );
  });
}

test('a text that is too large is refused unread', () => {
  assert.throws(
    () => parseTree(' '.repeat(LARGEST_TEXT + 1)),
    (error) => isAppError(error, 'limit'),
  );
});

test('what JSON writes is read as JSON reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 2), (value, space) => {
      const text = JSON.stringify(value, null, space);
      const hasTwins = /"(?:__proto__|constructor|prototype)"\s*:/.test(text);
      if (!hasTwins) assert.deepEqual(read(text), JSON.parse(text));
    }),
  );
});

test('a text survives being written and read, in both kinds of quotes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('"' as const, "'" as const), (value, quote) => {
      assert.equal(read(encodeString(value, quote)), value);
    }),
  );
});

test('any text is read or refused with an AppError', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"',
    "'",
    '\\',
    '/*',
    '*/',
    '//',
    '\n',
    '\r',
    'a',
    '$',
    '0x',
    '1',
    '.',
    '-',
    'null',
    'true',
    '\u2028',
    '\uD800',
    '__proto__',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      try {
        read(pieces.join(''));
      } catch (error) {
        assert.ok(isAppError(error), String(error));
      }
    }),
    { numRuns: 3000 },
  );
});
