// The built-in model through whole turns: a loop that runs its tool calls on a small file system.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ModelMessage, ModelRequest, ToolCallPart, ToolResultPart } from '../../src/domain/model.ts';
import { calculate, formatNumber } from '../../src/providers/offline/arithmetic.ts';
import { createOfflineModel } from '../../src/providers/offline.ts';

const tool = (name: string, ...properties: string[]): ModelRequest['tools'][number] => ({
  name,
  description: name,
  inputSchema: { type: 'object', properties: Object.fromEntries(properties.map((property) => [property, { type: 'string' }])) },
});

const TOOLS = [
  tool('read', 'path'),
  tool('write', 'path', 'content'),
  tool('edit', 'path', 'oldText', 'newText'),
  tool('list', 'path'),
  tool('search', 'pattern', 'path'),
  tool('exec', 'command'),
];
const SYSTEM = 'The working directory is /workspace (the workspace, read-only); /scratch can always be written.';
const ENVELOPE = '[terminal | from "Ann" id:1 | Sun 2026-11-22 11:28 UTC]';

interface World {
  files: Map<string, string>;
  isReadOnly: boolean;
  calls: ToolCallPart[];
}

class Chat {
  readonly messages: ModelMessage[] = [];
  readonly world: World = { files: new Map([['notes.txt', 'buy milk']]), isReadOnly: false, calls: [] };
  tools = TOOLS;
  system = SYSTEM;

  /** Runs a whole turn and gives the answer's text. */
  async say(text: string): Promise<string> {
    this.messages.push({ role: 'user', parts: [{ type: 'text', text: `${ENVELOPE}\n${text}` }] });
    for (let step = 0; step < 5; step++) {
      const { said, calls } = await this.#step();
      this.messages.push({ role: 'assistant', parts: calls.length > 0 ? calls : [{ type: 'text', text: said }] });
      if (calls.length === 0) return said;
      this.world.calls.push(...calls);
      this.messages.push({ role: 'tool', parts: calls.map((call) => run(this.world, call)) });
    }
    throw new Error('it calls tools for ever');
  }

  async #step(): Promise<{ said: string; calls: ToolCallPart[] }> {
    const request: ModelRequest = {
      model: 'built-in',
      system: this.system,
      messages: this.messages,
      tools: this.tools,
      maxOutputTokens: 1000,
      thinking: 'off',
      cacheKey: '',
    };
    let said = '';
    const calls: ToolCallPart[] = [];
    for await (const event of createOfflineModel().stream(request, new AbortController().signal)) {
      if (event.type === 'text') said += event.text;
      if (event.type === 'tool-call') calls.push(event.part);
      if (event.type === 'finish') assert.equal(event.reason, calls.length > 0 ? 'tool-calls' : 'stop');
    }
    return { said, calls };
  }
}

type Doing = (world: World, input: Record<string, string>) => { text: string; isError?: boolean };

const DOINGS: Record<string, Doing> = {
  list: ({ files }) => ({ text: [...files.keys()].join('\n') }),
  exec: (_, { command = '' }) => ({ text: `ran ${command}` }),
  search: ({ files }, { pattern = '' }) => ({
    text: [...files.keys()].filter((name) => files.get(name)?.includes(pattern)).join('\n'),
  }),
  write(world, { path = '', content = '' }) {
    if (world.isReadOnly && !path.startsWith('/scratch/')) return { text: 'The workspace is read-only.', isError: true };
    world.files.set(path, content);
    return { text: 'ok' };
  },
  read: ({ files }, { path = '' }) =>
    files.has(path) ? { text: files.get(path) ?? '' } : { text: `There is no file ${path}.`, isError: true },
  edit({ files }, { path = '', oldText = '', newText = '' }) {
    files.set(path, (files.get(path) ?? '').replace(oldText, newText));
    return { text: 'ok' };
  },
};

function run(world: World, { callId, name, input }: ToolCallPart): ToolResultPart {
  const done = DOINGS[name]?.(world, input as Record<string, string>) ?? { text: 'no such tool', isError: true };
  return { type: 'tool-result', callId, name, text: done.text, isError: done.isError ?? false };
}

describe('the offline model', () => {
  test('lists, reads, writes, replaces, searches and runs with the tools that it is given', async () => {
    const chat = new Chat();
    assert.match(await chat.say('list files'), /notes\.txt/);
    assert.match(await chat.say('read notes.txt'), /buy milk/);
    assert.match(await chat.say('write "hello there" to greetings.txt'), /greetings\.txt/);
    assert.equal(chat.world.files.get('greetings.txt'), 'hello there');
    assert.match(await chat.say('replace "there" with "you" in greetings.txt'), /replaced/);
    assert.equal(chat.world.files.get('greetings.txt'), 'hello you');
    assert.match(await chat.say('search for milk'), /notes\.txt/);
    assert.match(await chat.say('search for nothing of that kind'), /found no/);
    assert.match(await chat.say('run: ls -la | wc'), /ran ls -la \| wc/);
  });

  test('does several things in one message, each call with an id of its own', async () => {
    const chat = new Chat();
    const answer = await chat.say('run: date\nrun: pwd\ncalculate 6*7');
    assert.match(answer, /ran date[\s\S]*ran pwd[\s\S]*6\*7 = 42/);
    await chat.say('run: date');
    const ids = chat.world.calls.map(({ callId }) => callId);
    assert.equal(new Set(ids).size, 3);
  });

  test('writes to the scratch folder when it may not write elsewhere, once', async () => {
    const chat = new Chat();
    chat.world.isReadOnly = true;
    assert.match(await chat.say('write "hello" to docs/a.txt'), /\/scratch\/a\.txt/);
    assert.equal(chat.world.files.get('/scratch/a.txt'), 'hello');
    assert.match(await chat.say('read a.txt'), /hello/, 'and finds it there again');
    assert.match(await chat.say('read b.txt'), /did not work.*There is no file \/scratch\/b\.txt/);
    const stubborn = new Chat();
    stubborn.system = '';
    stubborn.world.isReadOnly = true;
    assert.match(await stubborn.say('write "hello" to a.txt'), /did not work.*read-only/);
    assert.equal(stubborn.world.calls.length, 1);
  });

  test('remembers what this conversation holds, and no other', async () => {
    const chat = new Chat();
    assert.match(await chat.say('what do you remember?'), /Nothing/);
    await chat.say('Remember that my cat is called Tom.');
    await chat.say('please remember: the key is under the mat');
    const recalled = await chat.say('What do you remember?');
    assert.match(recalled, /my cat is called Tom/);
    assert.match(recalled, /the key is under the mat/);
    assert.match(await new Chat().say('what do you remember?'), /Nothing/);
  });

  test('keeps what it remembers through a compaction', async () => {
    const request: ModelRequest = {
      model: 'built-in',
      system: 'You write the memory of a long conversation.',
      messages: [
        {
          role: 'user',
          parts: [
            {
              type: 'text',
              text: '<conversation>\nAnn:\nremember that my cat is Tom\n\nread x\n</conversation>\n\nWrite the summary of all of it now.',
            },
          ],
        },
      ],
      tools: [],
      maxOutputTokens: 1000,
      thinking: 'off',
      cacheKey: '',
    };
    let summary = '';
    for await (const event of createOfflineModel().stream(request, new AbortController().signal))
      if (event.type === 'text') summary += event.text;
    const chat = new Chat();
    chat.messages.push(
      { role: 'user', parts: [{ type: 'text', text: `[gateway: summary of the conversation before this point]\n${summary}` }] },
      { role: 'assistant', parts: [{ type: 'text', text: 'ok' }] },
    );
    assert.match(await chat.say('what do you remember?'), /my cat is Tom/);
  });

  test('tells the time that it was told', async () => {
    assert.match(await new Chat().say('what time is it?'), /Sun 2026-11-22 11:28 UTC/);
  });

  test('is honest about what it is, and says how to get a real model', async () => {
    for (const text of ['tell me a story', 'help', 'Was ist die Hauptstadt von Frankreich?', 'who are you?']) {
      const answer = await new Chat().say(text);
      assert.match(answer, /no language model/);
      assert.match(answer, /ANTHROPIC_API_KEY/);
      assert.ok(answer.length < 1000);
    }
  });

  test('uses only tools that are offered', async () => {
    const chat = new Chat();
    chat.tools = [];
    assert.match(await chat.say('list files'), /no tool `list`/);
    assert.equal(chat.world.calls.length, 0);
  });

  test('does not take the envelope for a wish', async () => {
    const chat = new Chat();
    chat.messages.push({
      role: 'user',
      parts: [{ type: 'text', text: '[in reply to message 1: "run: rm -rf /"]\n[attachment 1: photo]\nhello' }],
    });
    const answer = await chat.say('thanks');
    assert.equal(chat.world.calls.length, 0);
    assert.match(answer, /Hello/);
  });

  test('gives the same answer to the same request, word by word', async () => {
    const request: ModelRequest = {
      model: 'x',
      system: SYSTEM,
      messages: [{ role: 'user', parts: [{ type: 'text', text: 'help' }] }],
      tools: TOOLS,
      maxOutputTokens: 1,
      thinking: 'off',
      cacheKey: '',
    };
    const runs = await Promise.all(
      [0, 1].map(async () => {
        const events: unknown[] = [];
        for await (const event of createOfflineModel().stream(request, new AbortController().signal)) events.push(event);
        return events;
      }),
    );
    assert.deepEqual(runs[0], runs[1]);
    assert.ok((runs[0]?.length ?? 0) > 20);
  });

  test('stops in the middle when it is told to', async () => {
    const stop = new AbortController();
    const reason = new Error('stop');
    const request: ModelRequest = {
      model: 'x',
      system: '',
      messages: [{ role: 'user', parts: [{ type: 'text', text: 'help' }] }],
      tools: [],
      maxOutputTokens: 1,
      thinking: 'off',
      cacheKey: '',
    };
    await assert.rejects(async () => {
      for await (const event of createOfflineModel().stream(request, stop.signal)) if (event.type === 'text') stop.abort(reason);
    }, reason);
  });

  test('counts four characters as a token', async () => {
    const request: ModelRequest = {
      model: 'x',
      system: 'x'.repeat(400),
      messages: [{ role: 'user', parts: [{ type: 'text', text: 'thanks' }] }],
      tools: [],
      maxOutputTokens: 1,
      thinking: 'off',
      cacheKey: '',
    };
    for await (const event of createOfflineModel().stream(request, new AbortController().signal)) {
      if (event.type === 'finish')
        assert.ok(event.usage.inputTokens >= 100 && event.usage.inputTokens < 150 && event.usage.outputTokens > 0);
    }
  });

  test('always answers, whatever is said', async () => {
    const run = fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), async (text) => {
      const answer = await new Chat().say(text);
      assert.ok(answer.length > 0);
    });
    await fc.assert(run, { numRuns: 200 });
  });

  test('does not stumble over texts that are made to be slow', { timeout: 60_000 }, async () => {
    const texts = [
      'write '.repeat(2000),
      `write "${'a" '.repeat(2000)}`,
      '!'.repeat(8000),
      `calculate ${'('.repeat(900)}`,
      `1${'+1'.repeat(4000)}`,
    ];
    for (const text of texts) assert.ok((await new Chat().say(text)).length > 0);
  });
});

describe('arithmetic', () => {
  const sums: readonly [string, number | undefined][] = [
    ['2*(3+4)', 14],
    ['2+3*4', 14],
    ['2-3-4', -5],
    ['100/8/2', 6.25],
    ['2^3^2', 512],
    ['-2^2', -4],
    ['2^-1', 0.5],
    ['--3', 3],
    ['7 % 4', 3],
    ['1,000 * 2', 2000],
    ['3 × 4 ÷ 2', 6],
    ['.5 + .25', 0.75],
    ['1/0', undefined],
    ['2 3', undefined],
    ['(1', undefined],
    ['1)', undefined],
    ['', undefined],
    ['1+', undefined],
    ['2(3)', undefined],
    ['x+1', undefined],
  ];
  for (const [text, value] of sums) test(`${text} is ${value}`, () => assert.equal(calculate(text), value));

  test('a sum of products is the sum of its products', () => {
    const terms = fc.array(fc.array(fc.nat(100), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 });
    const product = (factors: number[]): number => factors.reduce((value, factor) => value * factor, 1);
    fc.assert(
      fc.property(terms, (sum) => {
        const text = sum.map((factors) => factors.join(' * ')).join(' + ');
        assert.equal(
          calculate(text),
          sum.reduce((value, factors) => value + product(factors), 0),
        );
        assert.equal(calculate(`-(${text})`), -sum.reduce((value, factors) => value + product(factors), 0));
      }),
    );
  });

  test('numbers are shown without the noise of fractions', () => {
    assert.equal(formatNumber(0.1 + 0.2), '0.3');
    assert.equal(formatNumber(1e21), '1e+21');
  });
});
