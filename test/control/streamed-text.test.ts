import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../src/domain/secret.ts';
import { StreamedText } from '../../src/control/streamed-text.ts';

/** What leaves while these pieces come in, and at the end. */
async function shown(whole: string, play: (observer: StreamedText['observer']) => void): Promise<string[]> {
  const pieces: string[] = [];
  const text = new StreamedText(() => pieces.push(text.take()));
  play(text.observer);
  // Longer than the pause between two pieces.
  await new Promise((resolve) => setTimeout(resolve, 60));
  pieces.push(text.end(whole));
  return pieces.filter((piece) => piece !== '');
}

test('pieces make up the whole, whatever the cut', async () => {
  const whole = 'One two, three.\n\nFour.';
  for (const size of [1, 3, 7, 100]) {
    const pieces = await shown(whole, ({ text }) => {
      for (let at = 0; at < whole.length; at += size) text?.(whole.slice(at, at + size));
    });
    assert.equal(pieces.join(''), whole);
  }
});

test('a secret that comes in two halves leaves as none', async () => {
  const secret = new Secret('tok-1234567890abcdefghij');
  const said = `The key is ${secret.reveal()} and more`;
  const pieces = await shown('The key is [redacted] and more', ({ text }) => {
    for (const letter of said) text?.(letter);
  });
  assert.doesNotMatch(pieces.join(''), /1234567890/);
  assert.match(pieces.join(''), /^The key is .* and more$/);
});

test('steps are paragraphs, and a step that began again is told whole at the end', async () => {
  const call = { callId: '1', name: 'look', input: {} };
  const steps = await shown('I look.\n\nA cat.', ({ text, toolStarted }) => {
    text?.('I look. ');
    toolStarted?.(call);
    text?.('A cat.');
  });
  assert.equal(steps.join(''), 'I look.\n\nA cat.');
  const again = await shown('Right answer.', ({ text, restarted }) => {
    text?.('Wrong start ');
    restarted?.();
    text?.('Right answer.');
  });
  assert.ok(again.join('').endsWith('\n\nRight answer.'));
});
