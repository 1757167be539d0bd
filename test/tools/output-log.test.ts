import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { OutputLog } from '../../src/tools/output-log.ts';

const filled = (maxBytes: number, ...pieces: string[]): OutputLog => {
  const log = new OutputLog(maxBytes);
  for (const piece of pieces) log.add(Buffer.from(piece));
  return log;
};

describe('output log', () => {
  test('what fits is kept whole', () => {
    assert.equal(filled(20, 'one ', 'two ', 'three').text(), 'one two three');
  });

  test('of what does not fit head and tail are kept, and the gap is said', () => {
    const log = filled(20, 'abcdefghij', '0'.repeat(1000), 'klmnopqrst');
    assert.match(log.text(), /^abcdefghij\n\[… 1,000 bytes not kept\]\nklmnopqrst$/);
    assert.equal(log.bytesSeen(), 1020);
  });

  test('however it comes in pieces: head, tail and sum are the same, and memory is bounded', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 50 }), { maxLength: 60 }),
        fc.integer({ min: 2, max: 200 }),
        (pieces, maxBytes) => {
          const whole = pieces.join('');
          const half = Math.floor(maxBytes / 2);
          const log = filled(maxBytes, ...pieces);
          assert.equal(log.bytesSeen(), whole.length);
          const text = log.text();
          assert.ok(text.startsWith(whole.slice(0, half)) && text.endsWith(whole.slice(Math.max(half, whole.length - half))));
          assert.ok(text.length <= 3 * half + 100);
        },
      ),
    );
  });

  test('asked again and again for what is new, nothing is missed or given twice', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 10 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 5 }),
        (pieces, size) => {
          const bytes = Buffer.from(pieces.join(''));
          const log = new OutputLog(10_000);
          let seen = '';
          let position = 0;
          for (let at = 0; at < bytes.length; at += size) {
            log.add(bytes.subarray(at, at + size));
            const news = log.since(position);
            seen += news.text;
            position = news.position;
          }
          // The decoder takes a leading byte order mark away.
          assert.equal(seen.replaceAll('\ufeff', ''), pieces.join('').replaceAll('\ufeff', ''));
        },
      ),
    );
  });
});
