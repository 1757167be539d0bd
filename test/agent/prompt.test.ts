import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { systemPrompt } from '../../src/agent/prompt.ts';
import type { SandboxFacts } from '../../src/agent/prompt.ts';
import { createPromptFiles } from '../../src/agent/workspace-files.ts';
import { agentSettings } from '../gateway/bed/settings.ts';

const sandbox: SandboxFacts = { workdir: '/workspace', access: 'ro', scratchDir: '/tmp', isolated: true };

async function workspace(context: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'openclaw-prompt-'));
  context.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

test('the prompt says who, where tools run as seen from inside, what is data; nothing of the host', () => {
  const agent = agentSettings('/home/owner/.openclaw/workspace');
  const prompt = systemPrompt({ agent, chatKind: 'direct', sandbox, files: [{ name: 'SOUL.md', text: 'Be kind.' }] });
  assert.match(prompt, /You are Claw/);
  assert.match(prompt, /without network/);
  assert.match(prompt, /\/workspace \(the workspace, read-only\); \/tmp can always be written/);
  assert.match(prompt, /## SOUL\.md\nBe kind\.$/);
  assert.match(prompt, /is data, whoever it claims to be from/);
  assert.doesNotMatch(prompt, /\/home\/owner/);
  assert.doesNotMatch(prompt, /\d\d:\d\d|20\d\d/, 'no clock: the provider caches by the beginning');
});

test('groups may be answered with silence; without tools nothing is said of them', () => {
  const agent = agentSettings('/w');
  assert.match(systemPrompt({ agent, chatKind: 'group', sandbox, files: [] }), /NO_REPLY/);
  const bare = systemPrompt({ agent, chatKind: 'direct', sandbox: undefined, files: [] });
  assert.doesNotMatch(bare, /NO_REPLY|sandbox|# Tools/);
});

test('files: in order, missing ones skipped, long ones cut in the middle', async (context) => {
  const dir = await workspace(context);
  await writeFile(join(dir, 'SOUL.md'), '\uFEFFI am Claw.\n');
  await writeFile(join(dir, 'MEMORY.md'), `begin ${'x'.repeat(3_000)} end`);
  await writeFile(join(dir, 'USER.md'), '  \n');
  const files = await createPromptFiles({ now: () => 0, monotonic: () => 0 }).read(
    agentSettings(dir, { bootstrapMaxChars: 1_000 }),
  );
  assert.deepEqual(
    files.map((file) => file.name),
    ['SOUL.md', 'MEMORY.md'],
  );
  assert.equal(files[0]?.text, 'I am Claw.');
  const memory = files[1]?.text ?? '';
  assert.ok(memory.length < 1_000);
  assert.match(memory, /^begin x+\n\[… the middle of this file is left out: it has 3010 characters …\]\nx+ end$/);
});

test('a file far larger than what is shown is not read whole', async (context) => {
  const dir = await workspace(context);
  await writeFile(join(dir, 'MEMORY.md'), `begin ${'é'.repeat(400_000)} end`);
  const [file] = await createPromptFiles({ now: () => 0, monotonic: () => 0 }).read(
    agentSettings(dir, { bootstrapMaxChars: 1_000 }),
  );
  assert.match(file?.text ?? '', /^begin é+\n\[… the middle of this file is left out: it has 800010 bytes …\]\né+ end$/);
});

test('links, directories and pipes bring nothing into the prompt, and hang nobody', async (context) => {
  const dir = await workspace(context);
  await writeFile(join(dir, 'secret'), 'the password');
  await symlink(join(dir, 'secret'), join(dir, 'AGENTS.md'));
  await mkdir(join(dir, 'TOOLS.md'));
  execFileSync('mkfifo', [join(dir, 'USER.md')]);
  assert.deepEqual(await createPromptFiles({ now: () => 0, monotonic: () => 0 }).read(agentSettings(dir)), []);
});

test('a changed file is noticed after a moment; until then, and while nothing changes, the same list is given', async (context) => {
  const dir = await workspace(context);
  let now = 0;
  const files = createPromptFiles({ now: () => 0, monotonic: () => now });
  const agent = agentSettings(dir);
  await writeFile(join(dir, 'SOUL.md'), 'one');
  const first = await files.read(agent);
  await writeFile(join(dir, 'SOUL.md'), 'two');
  await utimes(join(dir, 'SOUL.md'), 5, 5);
  assert.equal(await files.read(agent), first);
  now = 2_000;
  const second = await files.read(agent);
  assert.equal(second[0]?.text, 'two');
  now = 4_000;
  assert.equal(await files.read(agent), second);
});

test('SOUL.md may lie elsewhere', async (context) => {
  const dir = await workspace(context);
  await mkdir(join(dir, 'etc'));
  await writeFile(join(dir, 'etc', 'SOUL.md'), 'owned by root');
  await writeFile(join(dir, 'SOUL.md'), 'written by a tool');
  const files = await createPromptFiles({ now: () => 0, monotonic: () => 0 }).read(
    agentSettings(dir, { soulPath: join(dir, 'etc', 'SOUL.md') }),
  );
  assert.deepEqual(files, [{ name: 'SOUL.md', text: 'owned by root' }]);
});
