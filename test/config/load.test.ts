import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LARGEST_TEXT } from '../../src/config/json5/tree.ts';
import { locate } from '../../src/config/locations.ts';
import { ConfigError } from '../../src/config/problems.ts';
import { isAppError } from '../../src/domain/errors.ts';
import { Secret } from '../../src/domain/secret.ts';
import { errorOf, place } from './support.ts';

const TOKEN = 'f'.repeat(48);
const revealed = (value: unknown): string => (value instanceof Secret ? value.reveal() : 'no secret');

test('no file is a working default, and the defaults are the safe ones', async (t) => {
  const { config, exists, warnings, notes } = await place(t).load();
  assert.equal(exists, false);
  assert.deepEqual([...warnings, ...notes], []);
  assert.equal(config.gateway.port, 18789);
  assert.equal(config.gateway.bind, 'loopback');
  assert.equal(config.gateway.auth.token, undefined);
  assert.equal(config.session.dmScope, 'per-channel-peer');
  const { sandbox } = config.agents.defaults;
  assert.equal(sandbox.mode, 'all');
  assert.equal(sandbox.scope, 'session');
  assert.equal(sandbox.workspaceAccess, 'ro');
  assert.equal(sandbox.docker.network, 'none');
  assert.equal(sandbox.docker.readOnlyRoot, true);
  assert.equal(config.discovery.mdns.mode, 'off');
  assert.equal(config.logging.redactSensitive, 'tools');
  assert.equal(config.tools.elevated.enabled, false);
  assert.deepEqual(config.channels, {});
});

test('a channel that says nothing else is paired, without groups, and never writes the configuration', async (t) => {
  const { config } = await place(t, '{channels: {telegram: {}}}').load();
  const telegram = config.channels.telegram;
  assert.equal(telegram?.dmPolicy, 'pairing');
  assert.equal(telegram?.groupPolicy, 'disabled');
  assert.equal(telegram?.configWrites, false);
  assert.deepEqual(telegram?.allowFrom, []);
});

test('an empty file and one with nothing but comments are as good as none', async (t) => {
  for (const text of ['', '\n', '// nothing yet\n', '{}']) {
    const { config, exists } = await place(t, text).load();
    assert.equal(exists, true);
    assert.equal(config.gateway.port, 18789);
  }
});

/** Who wins where several say something: each row leaves out the strongest of the row before. */
const layers = [
  { says: ['flag', 'process', 'dotenv', 'file'], wins: 5 },
  { says: ['process', 'dotenv', 'file'], wins: 4 },
  { says: ['dotenv', 'file'], wins: 3 },
  { says: ['file'], wins: 2 },
  { says: [], wins: 18789 },
  { says: ['flag'], wins: 5 },
  { says: ['flag', 'file'], wins: 5 },
  { says: ['process', 'file'], wins: 4 },
  { says: ['process'], wins: 4 },
  { says: ['dotenv'], wins: 3 },
];
const origins: Record<number, string> = {
  5: 'the option --port',
  4: 'the environment variable OPENCLAW_GATEWAY_PORT',
  3: 'OPENCLAW_GATEWAY_PORT in .env',
  2: 'file',
  18789: 'default',
};

for (const { says, wins } of layers) {
  test(`of ${says.join(', ') || 'nothing'} the first counts`, async (t) => {
    const here = place(t, says.includes('file') ? '{gateway: {port: 2}}' : undefined);
    if (says.includes('dotenv')) here.write('.env', 'OPENCLAW_GATEWAY_PORT=3\n');
    const env = { HOME: here.home, ...(says.includes('process') && { OPENCLAW_GATEWAY_PORT: '4' }) };
    const flags = says.includes('flag') ? [{ name: '--port', path: ['gateway', 'port'], value: 5 }] : [];
    const loaded = await here.load({ env, flags });
    assert.equal(loaded.config.gateway.port, wins);
    assert.equal(loaded.originOf(['gateway', 'port']).words, origins[wins]);
  });
}

test('an environment variable that is empty says nothing', async (t) => {
  const here = place(t, '{gateway: {port: 2}}');
  const { config } = await here.load({ env: { HOME: here.home, OPENCLAW_GATEWAY_PORT: '' } });
  assert.equal(config.gateway.port, 2);
});

test('the gateway token of the environment is both tokens, and stands in for a placeholder of the file', async (t) => {
  const here = place(t, '{gateway: {auth: {token: "MANAGED_BY_1PASSWORD"}, remote: {token: "MANAGED_BY_1PASSWORD"}}}');
  const { config } = await here.load({ env: { HOME: here.home, OPENCLAW_GATEWAY_TOKEN: TOKEN } });
  assert.equal(config.gateway.auth.token?.reveal(), TOKEN);
  assert.equal(config.gateway.remote.token?.reveal(), TOKEN);
  const error = await errorOf(here.load());
  assert.match(
    error.message,
    /gateway\.auth\.token \(line 1, column \d+\): "MANAGED_BY_1PASSWORD" stands for a secret, but is none\./,
  );
});

test("somebody else's bot token in the environment starts no channel", async (t) => {
  const env = { TELEGRAM_BOT_TOKEN: '123456:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' };
  const without = await place(t).load({ env });
  assert.deepEqual(without.config.channels, {});
  const configured = await place(t, '{channels: {telegram: {}}}').load({ env });
  assert.match(revealed(configured.config.channels.telegram?.botToken), /^123456:/);
  const file = await place(t, '{channels: {telegram: {tokenFile: "/elsewhere"}}}').load({ env });
  assert.equal(file.config.channels.telegram?.tokenFile, undefined);
  const enabled = await place(t, '{plugins: {entries: {telegram: {enabled: true}}}}').load({ env });
  assert.match(revealed(enabled.config.channels.telegram?.botToken), /^123456:/);
});

test("a provider's customary key is found, the first name first, the process before .env", async (t) => {
  const here = place(t);
  here.write('.env', 'ANTHROPIC_API_KEY=from-dot-env\n');
  const oauth = await here.load({ env: { ANTHROPIC_OAUTH_TOKEN: 'from-process' } });
  assert.equal(oauth.config.models.providers.anthropic?.apiKey?.reveal(), 'from-process');
  const both = await here.load({ env: { ANTHROPIC_OAUTH_TOKEN: 'oauth-token', ANTHROPIC_API_KEY: 'api-key-wins' } });
  assert.equal(both.config.models.providers.anthropic?.apiKey?.reveal(), 'api-key-wins');
});

test("a key beside an address of one's own is not replaced by the vendor's key", async (t) => {
  const env = { OPENAI_API_KEY: 'the-real-key-of-openai' };
  const own = await place(
    t,
    '{models: {providers: {openai: {baseUrl: "http://192.168.1.5:8000/v1", apiKey: "local-key"}}}}',
  ).load({ env });
  assert.equal(own.config.models.providers.openai?.apiKey?.reveal(), 'local-key');
  const plain = await place(t, '{models: {providers: {openai: {apiKey: "key-of-the-file"}}}}').load({ env });
  assert.equal(plain.config.models.providers.openai?.apiKey?.reveal(), 'the-real-key-of-openai');
});

test('.env is read from the state directory only, quotes and comments as usual', async (t) => {
  const here = place(t, '{agents: {defaults: {workspace: "${PLACE}"}, list: [{id: "a", name: "${NAME_1}"}]}}');
  here.write('.env', '# comment\n\nexport PLACE="/srv/a b" # why\nNAME_1=\'# no comment\'\nOTHER=x # comment\n');
  const { config } = await here.load();
  assert.equal(config.agents.defaults.workspace, '/srv/a b');
  assert.equal(config.agents.list[0]?.name, '# no comment');
});

test('a bad line of .env is told without its value', async (t) => {
  const here = place(t);
  here.write('.env', 'A=1\nthis is secret-value\n');
  const error = await errorOf(here.load());
  assert.ok(isAppError(error, 'invalid'));
  assert.match(error.message, /\.env, line 2, column 1: expected NAME=VALUE$/);
});

test('${VAR} is expanded, $${VAR} is not, and a missing one is named with its place', async (t) => {
  const here = place(t, '{\n  agents: {list: [{id: "a", name: "${WHO} $${WHO} ${lower} $WHO"}]},\n}');
  const { config } = await here.load({ env: { WHO: 'me' } });
  assert.equal(config.agents.list[0]?.name, 'me ${WHO} ${lower} $WHO');
  const error = await errorOf(here.load());
  assert.match(error.message, /agents\.list\[0\]\.name \(line 2, column 35\): the environment variable WHO is not set\./);
});

test('a missing variable keeps the gateway from starting, not people from looking', async (t) => {
  const here = place(
    t,
    '{gateway: {auth: {token: "${NOT_HERE}"}}, agents: {defaults: {workspace: "${NOR_THIS}"}}, session: {dmScope: "main"}}',
  );
  const { config, notes } = await here.load({ purpose: 'look' });
  assert.equal(config.session.dmScope, 'main');
  assert.equal(notes.length, 2);
  assert.ok((await errorOf(here.load())) instanceof ConfigError);
});

const modes: [mode: number, outcome: 'fine' | 'warning' | 'denied'][] = [
  [0o600, 'fine'],
  [0o400, 'fine'],
  [0o640, 'fine'],
  [0o644, 'warning'],
  [0o660, 'denied'],
  [0o666, 'denied'],
  [0o602, 'denied'],
];
for (const [mode, outcome] of modes) {
  test(`a configuration of mode ${mode.toString(8)}: ${outcome}`, async (t) => {
    const here = place(t);
    const path = here.write('openclaw.json', '{}', mode);
    if (outcome === 'denied') {
      const error = await errorOf(here.load());
      assert.ok(isAppError(error, 'denied'));
      assert.equal(error.hint, `chmod 600 ${path}`);
      return;
    }
    const { warnings } = await here.load();
    assert.equal(warnings.length, outcome === 'warning' ? 1 : 0);
  });
}

test("a file of another user is told, root's is not", { skip: process.getuid?.() !== 0 }, async (t) => {
  const here = place(t, '{}');
  chownSync(here.locations.configPath, 12345, 12345);
  const { warnings } = await here.load();
  assert.deepEqual(warnings, [`${here.locations.configPath} belongs to another user (uid 12345), who can change it`]);
});

test('.env that others can write is refused too', async (t) => {
  const here = place(t);
  here.write('.env', 'A=1', 0o666);
  assert.ok(isAppError(await errorOf(here.load()), 'denied'));
});

test('a directory that everybody can write is refused: the file could be replaced', async (t) => {
  const here = place(t, '{}');
  chmodSync(here.home, 0o777);
  assert.ok(isAppError(await errorOf(here.load()), 'denied'));
  chmodSync(here.home, 0o1777);
  await here.load();
});

test('a symbolic link is followed and told', async (t) => {
  const here = place(t);
  const target = here.write('real.json', '{gateway: {port: 7}}');
  symlinkSync(target, here.locations.configPath);
  const { config, warnings } = await here.load();
  assert.equal(config.gateway.port, 7);
  assert.deepEqual(warnings, [`${here.locations.configPath} is a symbolic link`]);
});

test('what is no file, no text or too large is refused', async (t) => {
  const directory = place(t);
  mkdirSync(directory.locations.configPath);
  assert.ok(isAppError(await errorOf(directory.load()), 'invalid'));
  const binary = place(t);
  writeFileSync(binary.locations.configPath, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), { mode: 0o600 });
  assert.match((await errorOf(binary.load())).message, /is not UTF-8 text$/);
  const large = place(t, `{}${' '.repeat(LARGEST_TEXT)}`);
  assert.ok(isAppError(await errorOf(large.load()), 'limit'));
  for (const text of ['[]', '1', '"text"', 'null']) {
    assert.match((await errorOf(place(t, text).load())).message, /the file.*: expected an object/);
  }
});

test('profiles and the environment say where things lie', () => {
  const env = { HOME: '/home/o', OPENCLAW_STATE_DIR: '/var/lib/o', OPENCLAW_CONFIG_PATH: '~/o.json', OPENCLAW_HOME: '' };
  const plain = locate({}, env);
  assert.equal(plain.stateDir, '/var/lib/o');
  assert.equal(plain.configPath, '/home/o/o.json');
  assert.equal(plain.dotEnvPath, '/var/lib/o/.env');
  const named = locate({ profile: 'work' }, env);
  assert.equal(named.configPath, '/home/o/.openclaw-work/openclaw.json');
  const dev = locate({ dev: true }, env);
  assert.equal(dev.stateDir, '/home/o/.openclaw-dev');
  assert.equal(dev.defaultPort, 19001);
  assert.equal(locate({}, { HOME: '/home/o' }).configPath, '/home/o/.openclaw/openclaw.json');
  assert.equal(locate({}, { HOME: '/home/o', OPENCLAW_HOME: '/srv/o' }).stateDir, '/srv/o/.openclaw');
  for (const profile of ['', '../x', 'a b', '-x'])
    assert.throws(
      () => locate({ profile }, env),
      (error) => isAppError(error, 'invalid'),
    );
  assert.throws(
    () => locate({}, {}),
    (error) => isAppError(error, 'invalid'),
  );
});

test('the port of --dev is a default: the file may say another', async (t) => {
  const here = place(t, '{gateway: {port: 7}}');
  const locations = { ...here.locations, defaultPort: 19001 };
  assert.equal((await here.load({ locations })).config.gateway.port, 7);
  const empty = place(t);
  assert.equal((await empty.load({ locations: { ...empty.locations, defaultPort: 19001 } })).config.gateway.port, 19001);
});

test('a file of the workspace or the working directory is never read', async (t) => {
  const here = place(t, '{agents: {list: [{id: "a", name: "${FROM_CWD}"}]}}');
  const elsewhere = join(here.home, 'workspace');
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, '.env'), 'FROM_CWD=1\n');
  const before = process.cwd();
  process.chdir(elsewhere);
  try {
    assert.match((await errorOf(here.load())).message, /FROM_CWD is not set/);
  } finally {
    process.chdir(before);
  }
});
