import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { toHtml } from '../../src/channels/telegram/html.ts';
import { MESSAGE_LIMIT } from '../../src/channels/telegram/settings.ts';
import { parseHtml } from '../peers/bot-api/html.ts';

async function htmlOf(markdown: string): Promise<string> {
  const html = await toHtml(markdown, 'code');
  assert.ok(html !== undefined, 'no HTML');
  return html;
}

const shown: [name: string, markdown: string, html: string][] = [
  ['emphasis', '**b** *i* ~~s~~ `c`', '<b>b</b> <i>i</i> <s>s</s> <code>c</code>'],
  ['nested emphasis', '***both*** and **b *i* b**', '<i><b>both</b></i> and <b>b <i>i</i> b</b>'],
  ['signs of HTML', 'a < b & c > d "e" *', 'a &lt; b &amp; c &gt; d &quot;e&quot; *'],
  ['HTML as text', '<b>x</b> <script>', '&lt;b&gt;x&lt;/b&gt; &lt;script&gt;'],
  ['references', '&lt;tag&gt; &nbsp; `&lt;`', '&lt;tag&gt; &amp;nbsp; <code>&amp;lt;</code>'],
  ['a line break as agents write it', 'a<br>b', 'a\nb'],
  ['headings', '# One\ntext\n\n### Two', '<b>One</b>\ntext\n\n<b>Two</b>'],
  ['paragraphs', 'a\nb\n\n\n\nc *d*', 'a\nb\n\nc <i>d</i>'],
  ['code', '```js\nif (a < b) {}\n```\nafter', '<pre><code class="language-js">if (a &lt; b) {}</code></pre>\nafter'],
  ['code without language', '```\n**x**\n```', '<pre>**x**</pre>'],
  ['code that is not closed yet', 'see:\n```py\nprint(1)', 'see:\n<pre><code class="language-py">print(1)</code></pre>'],
  ['a language that is none', '```"><b>\nx\n```', '<pre>x</pre>'],
  ['bullets', '- a\n- b\n  - c\n\nend', '• a\n• b\n  • c\n\nend'],
  ['numbers', '3. a\n4. b', '3. a\n4. b'],
  ['tasks', '- [x] done\n- [ ] open', '☑ done\n☐ open'],
  ['loose tasks', '- [x] done\n\n- [ ] open', '☑ done\n\n☐ open'],
  ['code in a list', '- a\n\n  ```\n  x\n  ```\n- b', '• a\n\n<pre>x</pre>\n• b'],
  ['a quote', '> a\n> **b**\n\nc', '<blockquote>a\n<b>b</b></blockquote>\n\nc'],
  ['a quote in a quote', '> a\n> > b', '<blockquote>a\n&gt; b</blockquote>'],
  ['a link', '[a *b*](https://x.y/?p=1&q="2")', '<a href="https://x.y/?p=1&amp;q=&quot;2&quot;">a <i>b</i></a>'],
  ['a bare address', 'see https://x.y/a_b_c *', 'see https://x.y/a_b_c *'],
  ['an address that cannot be opened', '[a](./b.md) [c](javascript:x)', 'a (./b.md) c (javascript:x)'],
  ['an image', '![alt](https://x.y/z.png)', '<a href="https://x.y/z.png">alt</a>'],
  ['a rule', 'a\n\n---\n\nb', 'a\n\n———\n\nb'],
  ['a definition that nobody uses', 'a *b*\n\n[ref]: https://x.y', 'a <i>b</i>\n\n[ref]: https://x.y'],
  ['a table', '| a | bcd |\n|--:|---|\n| **1** | x<br>y |\n| 22 | 漢 |', '<pre> a | bcd\n---+----\n 1 | x y\n22 | 漢</pre>'],
];

for (const [name, markdown, html] of shown) {
  test(`Markdown to HTML: ${name}`, async () => assert.equal(await htmlOf(markdown), html));
}

test('tables as lists and as written', async () => {
  const table = '| a | b |\n|---|---|\n| 1 | <2 |\n| 3 | 4 |';
  assert.equal(await toHtml(table, 'bullets'), '• <b>a</b>: 1\n  <b>b</b>: &lt;2\n• <b>a</b>: 3\n  <b>b</b>: 4');
  assert.equal(await toHtml(table, 'off'), table.replace('<', '&lt;'));
});

test('a text without markup is sent as it is', async () => {
  for (const text of ['Hello, how are you?', 'One.\n\nTwo (3) - four: five/six!', 'https://example.com/a-b', '5 + 3 makes 8']) {
    assert.equal(await toHtml(text, 'code'), undefined);
  }
});

test('a table that would make the message too long is shown as written', async () => {
  const rows = Array.from({ length: 500 }, () => '|a|b|');
  const markdown = ['|x|y|', '|-|-|', `|${'long '.repeat(60)}|b|`, ...rows].join('\n');
  assert.ok(markdown.length < MESSAGE_LIMIT);
  const { text } = parseHtml(await htmlOf(markdown));
  assert.ok(text.length <= MESSAGE_LIMIT && text.includes('|a|b|'));
});

const piece = fc.oneof(
  fc.stringMatching(/^[a-z]{1,8}$/),
  fc.constantFrom(...'*_`~#>|[]()\\<&="!-+.:'),
  fc.constantFrom(
    '**',
    '```',
    '~~~',
    '\n',
    '\n\n',
    ' ',
    '    ',
    '- ',
    '1. ',
    '> ',
    '| - |',
    '](http://x)',
    '<b>',
    '</',
    '&lt;',
    '&#x1f600;',
    '👍',
  ),
);

test('whatever is written, Telegram can read it, and it is not too long', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 400 }), fc.constantFrom('off', 'bullets', 'code'), async (pieces, tables) => {
      const html = await toHtml(pieces.join(''), tables);
      if (html !== undefined) assert.ok(parseHtml(html).text.length <= MESSAGE_LIMIT);
    }),
    { numRuns: 500 },
  );
});

test('no word is dropped', async () => {
  // <br> is the one tag that is not shown.
  const word = fc.stringMatching(/^[a-z]{2,8}$/).filter((text) => text !== 'br');
  const marked = word.chain((text) =>
    fc.constantFrom(
      text,
      `**${text}**`,
      `\`${text}\``,
      `[${text}](u)`,
      `# ${text}\n`,
      `\n- ${text}`,
      `\n> ${text}\n`,
      `<${text}>`,
      `\n\n| ${text} |\n|---|\n`,
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(marked, { minLength: 1, maxLength: 40 }), async (parts) => {
      const markdown = parts.join(' ');
      const html = await toHtml(markdown, 'code');
      const words = (text: string): string[] => text.match(/[a-z]{2,8}/g) ?? [];
      const visible = new Set(words(html === undefined ? markdown : parseHtml(html).text));
      for (const wanted of words(markdown)) assert.ok(visible.has(wanted), `${wanted} of ${markdown} in ${html}`);
    }),
    { numRuns: 500 },
  );
});

test('nesting without end is sent as it is, in bounded time', async () => {
  for (const text of ['> '.repeat(1300), '*a '.repeat(1300), '['.repeat(4000), '- '.repeat(1900), '`'.repeat(3999)]) {
    const html = await toHtml(text, 'code');
    if (html !== undefined) parseHtml(html);
  }
});
