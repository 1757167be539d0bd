// The peers by hand, as a real process: what it prints, what a line does, how it ends.
import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { createBotApi } from './bot-api.ts';
import { createModelApi } from './model-api.ts';
import { createStage, perform } from './run/lines.ts';
import { askBot, resultOf } from './wire/ask.ts';

const RUN = fileURLToPath(new URL('run.ts', import.meta.url));

function start(...args: string[]): {
  child: ChildProcessWithoutNullStreams;
  output: () => string;
  until(pattern: RegExp): Promise<RegExpExecArray>;
} {
  const child = spawn(process.execPath, [RUN, ...args]);
  let output = '';
  const waiting: (() => void)[] = [];
  const grow = (chunk: Buffer): void => {
    output += chunk.toString();
    for (const look of waiting) look();
  };
  child.stdout.on('data', grow);
  child.stderr.on('data', grow);
  const until = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${pattern} in:\n${output}`)), 10_000);
      const look = (): void => {
        const found = pattern.exec(output);
        if (found === null) return;
        clearTimeout(timer);
        resolve(found);
      };
      waiting.push(look);
      look();
    });
  return { child, output: () => output, until };
}

test('a person can chat by hand', { timeout: 30_000 }, async () => {
  const peers = start('--bot-port', '0', '--model-port', '0', '--wire', 'google-generative-ai');
  const [, url = ''] = await peers.until(/Bot API\s+(\S+)/);
  const [, json = ''] = await peers.until(/^(\{$.*?^\})$/ms);
  const config = JSON.parse(json) as { channels: { telegram: { botToken: string; apiRoot: string } } };
  assert.equal(config.channels.telegram.apiRoot, url);
  assert.match(json, /"baseUrl": "http:\/\/127\.0\.0\.1:\d+\/v1beta"/);
  const bot = { url, token: config.channels.telegram.botToken };
  peers.child.stdin.write('hello\n');
  await peers.until(/^Al #1$/m);
  const [update] = await resultOf<{ message: { text: string; chat: { id: number } } }[]>(bot, 'getUpdates');
  assert.equal(update?.message.text, 'hello');
  await resultOf(bot, 'sendMessage', { chat_id: 556, text: 'hello\nAl' });
  await peers.until(/^bot {3}sendMessage 556 hello ⏎ Al$/m);
  peers.child.stdin.write('/fault sendMessage 429:7\n/stats\n');
  await peers.until(/2 calls, 1 messages sent, 1 updates not confirmed/);
  assert.equal((await askBot(bot, 'sendMessage', { chat_id: 556, text: 'x' })).status, 429);
  await peers.until(/sendMessage 556 x → 429/);
  peers.child.stdin.write('/quit\n');
  const [code] = (await once(peers.child, 'exit')) as [number];
  assert.equal(code, 0);
});

test('wrong options are refused, help is given, SIGTERM ends it', { timeout: 30_000 }, async () => {
  const wrong = start('--wire', 'smoke');
  assert.deepEqual(await once(wrong.child, 'exit'), [1, null]);
  assert.match(wrong.output(), /not one of .*: smoke/);
  const help = start('--help');
  assert.deepEqual(await once(help.child, 'exit'), [0, null]);
  assert.match(help.output(), /--model-port/);
  const running = start('--bot-port', '0', '--model-port', '0');
  await running.until(/Type as a person/);
  running.child.kill('SIGTERM');
  assert.deepEqual(await once(running.child, 'exit'), [0, null]);
});

test('every line does what its help says', async () => {
  const bot = await createBotApi();
  const model = await createModelApi();
  const stage = createStage(bot, model);
  const line = (text: string): Promise<string> => perform(stage, text);
  const last = (): Record<string, unknown> => bot.pending().at(-1) as Record<string, unknown>;
  const message = (): Record<string, unknown> => last()['message'] as Record<string, unknown>;
  try {
    await line('/status please');
    assert.equal(message()['text'], '/status please', 'the bot has commands of its own');
    await line('/as 600 hi');
    assert.equal((message()['from'] as { id: number }).id, 600);
    assert.equal(await line('/group'), 'you are in Group 100');
    await line('to all');
    assert.equal((message()['chat'] as { id: number }).id, -100);
    await line('/private');
    await line(`/file ${RUN} this one`);
    assert.equal((message()['document'] as { file_name: string }).file_name, 'run.ts');
    assert.equal(message()['caption'], 'this one');
    const id = message()['message_id'] as number;
    await line(`/reply ${id} thanks`);
    assert.equal((message()['reply_to_message'] as { message_id: number }).message_id, id);
    await line(`/edit ${id + 1} thank you`);
    assert.equal((last()['edited_message'] as { text: string }).text, 'thank you');
    await line(`/press ${id} yes`);
    assert.equal((last()['callback_query'] as { data: string }).data, 'yes');
    await line('/channel -1000000000001 news');
    assert.equal((last()['channel_post'] as { text: string }).text, 'news');
    await line('/block');
    assert.equal((last()['my_chat_member'] as { new_chat_member: { status: string } }).new_chat_member.status, 'kicked');
    const before = bot.pending().length;
    assert.equal(await line('/flood 10 2'), '10 messages of 2');
    assert.equal(bot.pending().length, before + 10);
    await line('/answer [{"text":"planned"}]');
    const headers = { authorization: `Bearer ${model.apiKey}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ model: 'peer-1', messages: [{ role: 'user', content: 'x' }] });
    const answer = await fetch(`${model.url}/v1/chat/completions`, { method: 'POST', headers, body });
    assert.match(await answer.text(), /planned/);
    await line('/fault getMe before');
    await assert.rejects(askBot(bot, 'getMe'), TypeError);
    await line('/revoke');
    assert.equal((await askBot(bot, 'getMe')).status, 401);
    assert.equal(await line('/network refused'), 'the network is refused');
    await assert.rejects(askBot(bot, 'getMe'), TypeError);
    await assert.rejects(line('/network down'), /usage/);
    await assert.rejects(line('/photo /nowhere/at/all'), /ENOENT/);
    assert.equal(await line('  '), '');
  } finally {
    await Promise.all([bot.close(), model.close()]);
  }
});
