// The program as its owner runs it: a configuration, the gateway in a process of its own, a stranger who is approved on the command
// line, a command in a real container, an orderly end. Nothing of the inside is touched.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { createBotApi } from '../peers/bot-api.ts';
import type { BotApi } from '../peers/bot-api.ts';
import { createModelApi } from '../peers/model-api.ts';
import type { ModelApi } from '../peers/model-api.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const patience = { timeout: 180_000 };
const run = promisify(execFile);

let dir: string;
let botApi: BotApi;
let modelApi: ModelApi;
let gateway: ChildProcess;
let said = '';

const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], HOME: dir, OPENCLAW_STATE_DIR: join(dir, 'state') });
const openclaw = (...args: string[]) => run(process.execPath, [MAIN, ...args], { env: environment() });

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'openclaw-walkthrough-'));
  [botApi, modelApi] = await Promise.all([createBotApi(), createModelApi({ models: ['m1'] })]);
  await run('mkdir', ['-p', join(dir, 'state', 'workspace')]);
  await writeFile(join(dir, 'state', 'workspace', 'note.txt'), 'the cat is on the roof\n');
  const config = {
    gateway: { mode: 'local', port: await freePort() },
    agents: { defaults: { model: { primary: 'peer/m1' }, sandbox: { mode: 'all', workspaceAccess: 'ro' } } },
    models: {
      providers: {
        peer: {
          baseUrl: `${modelApi.url}/v1`,
          apiKey: modelApi.apiKey,
          api: 'openai-completions',
          models: [{ id: 'm1', name: 'm1' }],
        },
      },
    },
    channels: { telegram: { enabled: true, apiRoot: botApi.url, botToken: botApi.token } },
  };
  await writeFile(join(dir, 'state', 'openclaw.json'), JSON.stringify(config), { mode: 0o600 });
  gateway = spawn(process.execPath, [MAIN, 'gateway', 'run'], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  gateway.stderr?.on('data', (bytes: Buffer) => (said += bytes.toString()));
  gateway.stdout?.on('data', (bytes: Buffer) => (said += bytes.toString()));
  await botApi.until(() => botApi.polling(), 60_000).catch((error: unknown) => assert.fail(`${String(error)}\n${said}`));
}, patience);

after(async () => {
  if (gateway.exitCode === null) gateway.kill('SIGKILL');
  await Promise.all([botApi.close(), modelApi.close()]);
  await rm(dir, { recursive: true, force: true });
});

test('a stranger gets a code, the owner approves it, and what was written before stays unanswered', patience, async () => {
  const al = botApi.person(555, { username: 'al' });
  al.text('let me in');
  const { text } = await botApi.waitForSent(1, { timeoutMs: 60_000 });
  const code = /Pairing code: ([A-HJ-NP-Z2-9]{8})\n/.exec(text)?.[1] ?? '';
  assert.match(text, new RegExp(`openclaw pairing approve telegram ${code}`));
  assert.equal(modelApi.count(), 0);
  await openclaw('pairing', 'approve', 'telegram', code);
});

test('a message becomes a command in a container and comes back as a reply', patience, async () => {
  modelApi.script((call) => {
    const [result] = call.results;
    if (result) return [{ text: `The note says: ${result.text.split('\n')[0]}` }];
    return [{ call: 'exec', input: { command: 'cat note.txt; id -u; ls /root' } }];
  });
  // What another process approved is seen within a second.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  botApi.person(555).text('What does note.txt say?');
  await botApi.waitForSent(2, { timeoutMs: 120_000 });
  assert.equal(botApi.texts(555)[1], 'The note says: the cat is on the roof');
  const [request] = modelApi.requests;
  assert.deepEqual(request?.tools.map((tool) => tool.name).toSorted(), [
    'edit',
    'exec',
    'list',
    'process',
    'read',
    'search',
    'write',
  ]);
  assert.doesNotMatch(JSON.stringify(modelApi.requests), /let me in/);
  assert.doesNotMatch(JSON.stringify(modelApi.requests), new RegExp(dir), 'a path of the host reached the model');
});

test('the whole request for "ping" is under 8 KB', patience, async () => {
  modelApi.script();
  await openclaw('agent', '--message', 'ping', '--session', 'agent:main:ping').catch((error: { stderr?: string }) =>
    assert.fail(error.stderr),
  );
  const request = modelApi.requests.at(-1);
  assert.match(request?.lastUserText ?? '', /\nping$/);
  assert.ok((request?.bytes ?? 0) < 8_000, `it has ${request?.bytes} bytes`);
});

test('asked to stop, it ends with 0 within ten seconds', patience, async () => {
  const ended = new Promise((resolve) => gateway.once('exit', (code) => resolve(code)));
  const timer = setTimeout(() => gateway.kill('SIGKILL'), 10_000);
  gateway.kill('SIGTERM');
  assert.equal(await ended, 0, said);
  clearTimeout(timer);
});
