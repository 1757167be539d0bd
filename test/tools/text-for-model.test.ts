import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { decodeText, harmless, harmlessOutput, looksBinary, shorten, unfinishedBytes } from '../../src/tools/text-for-model.ts';

describe('text for a model', () => {
  test('ordinary text of any script stays as it is', () => {
    for (const text of ['a\tb\n\nc', 'ü 日本 עברית العربية', '👩‍👩‍👧 🏳️‍🌈 e\u0301 क्‍ष', 'a $1 \\n <b> [x]'])
      assert.equal(harmless(text), text);
  });

  test('terminal sequences are taken out whole', () => {
    assert.equal(
      harmless('\u001b[1;31mred\u001b[m \u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\ \u001b[2J\u001b(Bend\u001bM'),
      'red link end',
    );
  });

  test('output that was written over is its last state', () => {
    assert.equal(harmlessOutput('10%\r50%\u001b[K\r100%\r\nnext\rNEXT\n'), '100%\nNEXT\n');
    // In a file it is part of the content.
    assert.equal(harmless('one\rtwo\r\n'), 'one<U+000D>two\n');
  });

  test('hidden, reordering and control characters are shown by their codes', () => {
    const hidden = [
      '\0',
      '\b',
      '\u001b',
      '\u007f',
      '\u009b',
      '\u200b',
      '\u200e',
      '\u202e',
      '\u2066',
      '\u2028',
      '\ufeff',
      '\u00ad',
      '\u{e0041}',
      '\u{e0100}',
    ];
    for (const character of hidden)
      assert.match(harmless(`a${character}`), /^a<U\+[0-9A-F]{4,5}>$/, character.codePointAt(0)?.toString(16));
  });

  test('nothing that is not allowed is left of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(harmless(text), /[^\P{Cc}\t\n]|[\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u);
      }),
    );
  });

  test('it is linear: a megabyte of the worst is done at once', () => {
    for (const piece of ['\u001b[', '\u001b]0;', '\r', '\u001b', '\u001b[1;1;1;1;'])
      harmless(piece.repeat(1_000_000 / piece.length));
  });

  test('binary is told from text', () => {
    assert.equal(looksBinary(Buffer.from('text ü 日')), false);
    assert.equal(looksBinary(Buffer.from('a\0b')), true);
    assert.equal(looksBinary(Buffer.from([0xff, 0xfe, 0xfd, 0x61])), true);
    // One odd byte in a text is an odd byte.
    assert.equal(
      looksBinary(Buffer.concat([Buffer.from('Latin-1 text with one '), Buffer.from([0xe9]), Buffer.from(' in it')])),
      false,
    );
    assert.equal(looksBinary(new Uint8Array()), false);
  });

  test('what is too long keeps head and tail by whole lines and says what is missing', () => {
    const text = Array.from({ length: 1000 }, (_, index) => `line ${index}`).join('\n');
    const short = shorten(text, 500, 'the rest is elsewhere');
    const [, missing = ''] = /\n\[… ([\d,]+) characters left out; the rest is elsewhere\]\n/.exec(short) ?? [];
    const [head = '', tail = ''] = short.split(/\n\[….*\]\n/);
    assert.ok(text.startsWith(`${head}\n`) && text.endsWith(`\n${tail}`));
    assert.equal(head.length + 1 + tail.length + Number(missing.replaceAll(',', '')), text.length);
    assert.equal(shorten('short', 500, ''), 'short');
  });

  test('no text becomes much longer than was asked, or broken', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.integer({ min: 1, max: 200 }), (text, most) => {
        const short = shorten(text, most, 'x');
        assert.ok(short.length <= Math.max(most, 0) + 60);
        assert.ok(short.isWellFormed());
      }),
    );
  });

  test('a character that is cut in two is known', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.nat(80), (text, at) => {
        const bytes = Buffer.from(text).subarray(0, at);
        const whole = bytes.subarray(0, bytes.length - unfinishedBytes(bytes));
        assert.ok(text.startsWith(decodeText(whole)) || text.startsWith('\ufeff'));
      }),
    );
  });
});
