import assert from 'node:assert/strict';
import { chmodSync, chownSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createEditor, setInFile, unsetInFile, valueOfArgument, type Editor } from '../../src/config/edit.ts';
import { formatPath, parsePath, valueAt } from '../../src/config/path.ts';
import { showValue } from '../../src/config/show.ts';
import { writeConfigFile } from '../../src/config/write.ts';
import { isAppError } from '../../src/domain/errors.ts';
import { errorOf, model, place, type Place } from './support.ts';

const editorOf = (here: Place): Editor => ({ model, locations: here.locations, env: {} });
const textOf = (here: Place): string => readFileSync(here.locations.configPath, 'utf8');
const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('what is set is what is got, whatever else stands in the file', async (t) => {
  const here = place(t, '// mine\n{ gateway: { port: 1 }, /* keep */ agents: { list: [{ id: "a" }] } }\n');
  const values: [path: string, value: fc.Arbitrary<unknown>][] = [
    ['gateway.port', fc.integer({ min: 1, max: 65535 })],
    ['agents.defaults.timeoutSeconds', fc.integer({ min: 5, max: 86400 })],
    ['agents.defaults.limits.costUsd', fc.double({ min: 0, max: 10000, noNaN: true })],
    ['session.dmScope', fc.constantFrom('main', 'per-peer')],
    ['tools.deny', fc.array(fc.stringMatching(/^[a-z0-9_*-]{1,20}$/))],
    ['agents.list[0].id', fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,31}$/)],
    ['agents.list[0].name', fc.string({ minLength: 1, maxLength: 40 }).filter((name) => !/\$\{/.test(name))],
    [
      'channels.telegram.groups',
      fc.dictionary(fc.stringMatching(/^-\d{1,19}$/), fc.record({ enabled: fc.boolean(), requireMention: fc.boolean() })),
    ],
    [
      'models.providers["my.server"].models',
      fc.array(fc.record({ id: fc.string({ minLength: 1, maxLength: 30 }).filter((id) => !/\$\{/.test(id)) })),
    ],
  ];
  const anyEdit = fc.oneof(...values.map(([path, value]) => value.map((one) => ({ path: parsePath(path), value: plain(one) }))));
  await fc.assert(
    fc.asyncProperty(anyEdit, async ({ path, value }) => {
      const before = textOf(here);
      await setInFile(editorOf(here), path, value);
      const loaded = await here.load({ purpose: 'look' });
      assert.deepEqual(showValue(model.schema, loaded, path, { reveal: false }), value);
      assert.ok(textOf(here).includes('// mine') && textOf(here).includes('/* keep */'), before);
    }),
    { numRuns: 150 },
  );
});

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('random paths and values change nothing but with an AppError', async (t) => {
  const here = place(t, '{}');
  const step = fc.oneof(
    fc.constantFrom('gateway', 'agents', 'defaults', 'list', 'channels', 'telegram', 'x', '__proto__', 'accounts', ''),
    fc.string(),
  );
  const path = fc.array(fc.oneof(step, fc.nat({ max: 3 })), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(path, fc.jsonValue({ maxDepth: 2 }), async (steps, value) => {
      const before = textOf(here);
      try {
        await setInFile(editorOf(here), parsePath(formatPath(steps)), value);
      } catch (error) {
        assert.ok(isAppError(error), String(error));
        assert.equal(textOf(here), before);
      }
    }),
    { numRuns: 300 },
  );
});

test('a path survives being written and read', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string({ minLength: 1 }), fc.nat({ max: 999 })), { minLength: 1, maxLength: 8 }),
      (steps) => {
        if (steps.some((step) => ['__proto__', 'constructor', 'prototype'].includes(String(step)))) return;
        assert.deepEqual(parsePath(formatPath(steps)), steps);
      },
    ),
  );
});

test('paths are written as people write them', () => {
  assert.deepEqual(parsePath('a.b[0].c'), ['a', 'b', 0, 'c']);
  assert.deepEqual(parsePath('a["b.c"].d'), ['a', 'b.c', 'd']);
  assert.deepEqual(parsePath('a.b\\.c'), ['a', 'b.c']);
  for (const text of ['', '.a', 'a.', 'a..b', 'a[', 'a[x]', 'a]', 'a["b]', 'a.__proto__', 'a'.concat('.a'.repeat(40))]) {
    assert.throws(
      () => parsePath(text),
      (error) => isAppError(error, 'invalid'),
      text,
    );
  }
});

test('an argument is JSON5, else text; and text where a key takes text', () => {
  const value = (path: string, argument: string, json = false): unknown =>
    valueOfArgument(model, parsePath(path), argument, json);
  assert.equal(value('gateway.port', '0x10'), 16);
  assert.equal(value('gateway.controlUi.enabled', 'true'), true);
  assert.deepEqual(value('tools.deny', "['a', 'b',]"), ['a', 'b']);
  assert.equal(value('session.dmScope', 'main'), 'main');
  // A token of digits, or one that looks like a number with an exponent, is text.
  for (const token of ['123456789012345678901234', '48e1234567890', '0xdeadbeef', 'true', 'null']) {
    assert.equal(value('gateway.auth.token', token), token);
  }
  assert.equal(value('gateway.auth.token', '"quoted"'), 'quoted');
  assert.equal(value('agents.defaults.model.primary', 'a/b'), 'a/b');
  assert.equal(value('agents.list[0].name', '5'), '5');
  assert.throws(
    () => value('gateway.port', '{', true),
    (error) => isAppError(error, 'invalid'),
  );
  assert.throws(
    () => value('gateway.port', '', true),
    (error) => isAppError(error, 'invalid'),
  );
});

test('a new file is made with mode 0600 in a directory of mode 0700, whatever the umask', async (t) => {
  const here = place(t);
  const stateDir = join(here.home, 'new', 'state');
  const configPath = join(stateDir, 'openclaw.json');
  const before = process.umask(0);
  try {
    await setInFile({ ...editorOf(here), locations: { ...here.locations, stateDir, configPath } }, ['gateway', 'port'], 5);
  } finally {
    process.umask(before);
  }
  assert.equal(modeOf(configPath), 0o600);
  assert.equal(modeOf(stateDir), 0o700);
});

test('a file that others could read is narrowed, and no copy of it is left', async (t) => {
  const here = place(t);
  here.write('openclaw.json', '{gateway: {auth: {token: "old-token-old-token-old-token"}}}', 0o644);
  await setInFile(editorOf(here), ['gateway', 'auth', 'token'], 'new-token-new-token-new-token');
  assert.equal(modeOf(here.locations.configPath), 0o600);
  assert.deepEqual(readdirSync(here.home), ['openclaw.json']);
});

test(
  'the owner stays the owner, and what root keeps for a service stays readable for it',
  { skip: process.getuid?.() !== 0 },
  async (t) => {
    const here = place(t, '{}');
    chownSync(here.locations.configPath, 12345, 12346);
    await setInFile(editorOf(here), ['gateway', 'port'], 5);
    assert.deepEqual([statSync(here.locations.configPath).uid, statSync(here.locations.configPath).gid], [12345, 12346]);
    assert.equal(modeOf(here.locations.configPath), 0o600);
    chownSync(here.locations.configPath, 0, 12346);
    chmodSync(here.locations.configPath, 0o640);
    await setInFile(editorOf(here), ['gateway', 'port'], 6);
    assert.equal(modeOf(here.locations.configPath), 0o640);
    const { warnings } = await here.load();
    assert.deepEqual(warnings, []);
  },
);

test('who may not write the file is told to use sudo', { skip: process.getuid?.() !== 0 }, async (t) => {
  const here = place(t, '{}');
  chownSync(here.home, 0, 65534);
  chmodSync(here.home, 0o750);
  chownSync(here.locations.configPath, 0, 65534);
  chmodSync(here.locations.configPath, 0o640);
  process.setegid?.(65534);
  process.seteuid?.(65534);
  try {
    const error = await errorOf(setInFile(editorOf(here), ['gateway', 'port'], 5));
    assert.ok(isAppError(error, 'denied'));
    assert.equal(error.hint, 'Only its owner may write it: run the same command with sudo.');
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
  assert.equal(textOf(here), '{}');
});

test('a link stays a link: the file behind it is changed', async (t) => {
  const here = place(t);
  const target = here.write('real.json', '{}');
  symlinkSync(target, here.locations.configPath);
  await setInFile(editorOf(here), ['gateway', 'port'], 5);
  assert.ok(lstatSync(here.locations.configPath).isSymbolicLink());
  assert.match(readFileSync(target, 'utf8'), /"port": 5/);
});

test('a change by somebody else in between is not written over', (t) => {
  const here = place(t, '{gateway: {port: 2}}');
  assert.throws(
    () => writeConfigFile(here.locations.configPath, '{}', '{gateway: {port: 3}}'),
    (error) => isAppError(error, 'conflict'),
  );
  assert.throws(
    () => writeConfigFile(here.locations.configPath, undefined, '{}'),
    (error) => isAppError(error, 'conflict'),
  );
  assert.equal(textOf(here), '{gateway: {port: 2}}');
});

test('drafts of a writer that died are swept, those of a living one are not', async (t) => {
  const here = place(t, '{}');
  const dead = here.write('.openclaw.json.aaa.draft', 'old secret');
  here.write('.openclaw.json.bbb.draft', 'being written');
  utimesSync(dead, new Date(0), new Date(0));
  await setInFile(editorOf(here), ['gateway', 'port'], 5);
  assert.deepEqual(readdirSync(here.home).toSorted(), ['.openclaw.json.bbb.draft', 'openclaw.json']);
});

test('setting what stands there already writes nothing', async (t) => {
  const here = place(t, '{gateway: {port: 5}}');
  const before = statSync(here.locations.configPath).ino;
  const edit = await setInFile(editorOf(here), ['gateway', 'port'], 5);
  assert.equal(edit.changed, false);
  assert.equal(statSync(here.locations.configPath).ino, before);
});

test('environment, defaults and resolved references never reach the file', async (t) => {
  const here = place(t, '{gateway: {auth: {token: "${TOKEN}"}}, models: {providers: {a: {apiKey: "env:KEY"}}}}');
  here.write('.env', 'TOKEN=dot-env-secret-0123456789\nKEY=dot-env-key-0123456789\n');
  await setInFile({ ...editorOf(here), env: { TOKEN: 'process-secret-0123456789' } }, ['session', 'dmScope'], 'main');
  assert.equal(
    textOf(here),
    '{gateway: {auth: {token: "${TOKEN}"}}, models: {providers: {a: {apiKey: "env:KEY"}}}, session: {dmScope: "main"}}',
  );
});

test('a variable of .env is no reason for a warning, a missing one is', async (t) => {
  const here = place(t, '{}');
  here.write('.env', 'TOKEN=dot-env-secret-0123456789\n');
  const editor = createEditor(model, here.locations);
  assert.deepEqual((await setInFile(editor, ['gateway', 'auth', 'token'], '${TOKEN}')).notes, []);
  assert.equal((await setInFile(editor, ['gateway', 'auth', 'token'], '${OTHER_TOKEN}')).notes.length, 1);
});

test('each edit says what it needs', async (t) => {
  const here = place(t, '{}');
  for (const [path, value, restart] of [
    ['gateway.port', 5, 'gateway'],
    ['channels.telegram.streamMode', 'off', 'channel'],
    ['channels.telegram.dmPolicy', 'allowlist', 'live'],
    ['agents.defaults.timeoutSeconds', 50, 'live'],
    ['agents.defaults.sandbox.backend', 'docker', 'gateway'],
  ] as const) {
    const edit = await setInFile(editorOf(here), parsePath(path), value);
    assert.equal(edit.restart, restart, path);
  }
});

test('a file that is wrong already can be mended key by key', async (t) => {
  const here = place(t, '{gateway: {port: 1, prot: 2}}');
  assert.match((await errorOf(setInFile(editorOf(here), ['session', 'dmScope'], 'main'))).message, /gateway\.prot/);
  await unsetInFile(editorOf(here), ['gateway', 'prot']);
  assert.equal(textOf(here), '{gateway: {port: 1}}');
});

test('what is not there cannot be removed', async (t) => {
  for (const text of [undefined, '{}', '{gateway: {}}']) {
    const error = await errorOf(unsetInFile(editorOf(place(t, text)), ['gateway', 'port']));
    assert.ok(isAppError(error, 'not_found'));
    assert.equal(error.message, 'Config path not found: gateway.port');
  }
});

test('secrets are shown as fingerprints, equal for equal ones', async (t) => {
  const here = place(t, '{gateway: {auth: {token: "one-secret-one-secret"}, remote: {token: "env:T"}}}');
  const loaded = await here.load({ env: { T: 'one-secret-one-secret' } });
  const shown = showValue(model.schema, loaded, ['gateway'], { reveal: false });
  const [auth, remote] = [valueAt(shown, ['auth', 'token']), valueAt(shown, ['remote', 'token'])];
  assert.match(String(auth), /^\[redacted sha256:[0-9a-f]{8}\]$/);
  assert.equal(auth, remote);
  assert.equal(showValue(model.schema, loaded, ['gateway', 'remote', 'token'], { reveal: true }), 'one-secret-one-secret');
});
