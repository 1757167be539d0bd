import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import fc from 'fast-check';
import { redact } from '../../src/domain/redaction.ts';
import { Secret } from '../../src/domain/secret.ts';

test('a secret prints as [redacted] however text is made of it', () => {
  const secret = new Secret('correct horse battery');
  const texts = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ deep: { secret } }),
    [secret].join(),
  ];
  for (const text of texts) assert.doesNotMatch(text, /correct horse/);
  assert.equal(secret.reveal(), 'correct horse battery');
});

test('a known value is found in any text, whatever stands around it', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 8, maxLength: 60 }), fc.string(), fc.string(), (value, before, after) => {
      new Secret(value);
      return !redact(`${before}${value}${after}`).includes(value) || '[redacted]'.includes(value);
    }),
    { numRuns: 300 },
  );
});

test('a longer secret that contains a shorter one leaves nothing behind', () => {
  new Secret('abcdefgh');
  new Secret('abcdefgh-and-more-of-it');
  assert.equal(redact('x abcdefgh-and-more-of-it y'), 'x [redacted] y');
});

const shapes: [name: string, value: string][] = [
  ['Telegram bot token', `123456789:${'A'.repeat(35)}`],
  ['OpenAI key', `sk-proj-${'a1B2'.repeat(10)}`],
  ['Anthropic key', `sk-ant-api03-${'x'.repeat(80)}`],
  ['Google key', `AIza${'b'.repeat(35)}`],
  ['GitHub token', `ghp_${'c'.repeat(36)}`],
  ['GitHub fine-grained token', `github_pat_${'d'.repeat(60)}`],
  ['Slack token', `xoxb-${'1'.repeat(12)}-abcdef`],
  ['AWS key id', 'AKIAIOSFODNN7EXAMPLE'],
  ['age secret key', `AGE-SECRET-KEY-1${'Q'.repeat(58)}`],
  ['JSON web token', `eyJ${'a'.repeat(20)}.${'b'.repeat(20)}.${'c'.repeat(20)}`],
  ['private key', '-----BEGIN OPENSSH PRIVATE KEY-----\nabc\ndef\n-----END OPENSSH PRIVATE KEY-----'],
  ['bearer header', `Bearer ${'e'.repeat(30)}`],
];

for (const [name, value] of shapes) {
  test(`${name} is known by its shape`, () => {
    const clean = redact(`before ${value} after`);
    assert.equal(clean.includes(value), false);
    assert.match(clean, /^before \[redacted\].* after$/s);
  });
}

test('ordinary text stays as it is', () => {
  for (const text of ['a plain sentence', 'ratio 1:1, 12:30', 'sk-short', 'task-list-of-things', 'SELECT 1'])
    assert.equal(redact(text), text);
});

test('long hostile text is handled in linear time', () => {
  const hostile = ['eyJ' + 'a'.repeat(200_000), 'sk-'.repeat(60_000), '-----BEGIN '.repeat(20_000), 'Bearer '.repeat(30_000)];
  // A quadratic pattern would not come back within the runner's limit.
  for (const text of hostile) assert.equal(typeof redact(text), 'string');
});
