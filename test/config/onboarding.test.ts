import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setUp } from '../../src/config/onboarding.ts';
import { workspaceTemplates } from '../../src/config/workspace-templates.ts';
import { isAppError } from '../../src/domain/errors.ts';
import { errorOf, model, place, type Place } from './support.ts';

const editorOf = (here: Place, env: Record<string, string> = {}) => ({ model, locations: here.locations, env });
const textOf = (here: Place): string => readFileSync(here.locations.configPath, 'utf8');

test('it makes what a gateway needs, and a second time nothing', async (t) => {
  const here = place(t);
  const first = await setUp(editorOf(here), {});
  assert.equal(first.changed, true);
  const { config } = await here.load();
  assert.match(config.gateway.auth.token?.reveal() ?? '', /^[0-9a-f]{48}$/);
  assert.equal(config.gateway.remote.token?.reveal(), config.gateway.auth.token?.reveal());
  const workspace = join(here.home, 'workspace');
  assert.deepEqual(first.made, [join(workspace, 'SOUL.md'), join(workspace, 'AGENTS.md')]);
  const before = textOf(here);
  const second = await setUp(editorOf(here), {});
  assert.deepEqual([second.changed, second.made, textOf(here)], [false, [], before]);
});

test('two set-ups have two tokens', async (t) => {
  const [one, other] = [place(t), place(t)];
  await setUp(editorOf(one), {});
  await setUp(editorOf(other), {});
  assert.notEqual(textOf(one), textOf(other));
});

test('what is there stays: comments, a token that is a reference, files of the workspace', async (t) => {
  const here = place(t, '// mine\n{\n  gateway: {\n    auth: {token: "env:T"}, // kept elsewhere\n  },\n}\n');
  mkdirSync(join(here.home, 'workspace'));
  writeFileSync(join(here.home, 'workspace', 'AGENTS.md'), 'my own');
  const { notes } = await setUp(editorOf(here), {});
  const text = textOf(here);
  assert.match(text, /^\/\/ mine\n/);
  assert.match(text, /auth: \{token: "env:T", mode: "token"\}, \/\/ kept elsewhere/);
  assert.match(text, /remote: \{\n {6}token: "env:T"/);
  assert.equal(readFileSync(join(here.home, 'workspace', 'AGENTS.md'), 'utf8'), 'my own');
  assert.equal(notes.length, 2);
});

test('a token of the environment is referred to, not copied', async (t) => {
  const here = place(t);
  await setUp(editorOf(here, { OPENCLAW_GATEWAY_TOKEN: 'token-of-the-environment-0123' }), {});
  assert.ok(!textOf(here).includes('token-of-the-environment'));
  assert.match(textOf(here), /"token": "env:OPENCLAW_GATEWAY_TOKEN"/);
});

test('directories are for their owner only, also when they were there before', async (t) => {
  const here = place(t);
  chmodSync(here.home, 0o755);
  await setUp(editorOf(here), {});
  const modes = [here.home, join(here.home, 'credentials'), join(here.home, 'workspace')].map(
    (path) => statSync(path).mode & 0o777,
  );
  assert.deepEqual(modes, [0o700, 0o700, 0o755]);
});

test("a SOUL.md of the installation is enough: the workspace's own would not count", async (t) => {
  const here = place(t);
  here.write('SOUL.md', 'root wrote this', 0o444);
  const { made } = await setUp(editorOf(here), {});
  assert.deepEqual(made, [join(here.home, 'workspace', 'AGENTS.md')]);
  assert.ok(!existsSync(join(here.home, 'workspace', 'SOUL.md')));
});

test('a workspace elsewhere is made there', async (t) => {
  const here = place(t);
  const { workspace } = await setUp(editorOf(here), { workspace: '~/elsewhere' });
  assert.equal(workspace, join(here.home, 'elsewhere'));
  assert.ok(existsSync(join(workspace, 'SOUL.md')));
  assert.match(textOf(here), /"workspace": "~\/elsewhere"/);
});

test('a channel and a provider that do not exist, or a wrong file, change nothing', async (t) => {
  const here = place(t);
  assert.ok(isAppError(await errorOf(setUp(editorOf(here), { channel: { id: 'telegrm' } })), 'not_found'));
  assert.ok(isAppError(await errorOf(setUp(editorOf(here), { model: 'no-slash' })), 'invalid'));
  assert.ok(!existsSync(here.locations.configPath));
  const wrong = place(t, '{gateway: {prot: 1}}');
  assert.match((await errorOf(setUp(editorOf(wrong), {}))).message, /gateway\.prot/);
  assert.equal(textOf(wrong), '{gateway: {prot: 1}}');
});

test('the templates leave the prompt small', () => {
  assert.ok(Object.values(workspaceTemplates).join('').length < 800);
});
