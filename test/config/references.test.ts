import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { RunProgram } from '../../src/config/references.ts';
import { runProgram } from '../../src/config/run-program.ts';
import { isAppError } from '../../src/domain/errors.ts';
import { errorOf, place } from './support.ts';

const SECRET = 'a-secret-that-nobody-may-see-0123456789';
const withKey = (reference: string): string => JSON.stringify({ models: { providers: { mine: { apiKey: reference } } } });
const noProgram: RunProgram = () => Promise.reject(new Error('no program is run here'));

test('env:NAME is the variable, of the process or of .env', async (t) => {
  const here = place(t, withKey('env:MY_KEY'));
  assert.equal((await here.load({ env: { MY_KEY: SECRET } })).config.models.providers.mine?.apiKey?.reveal(), SECRET);
  here.write('.env', `MY_KEY=${SECRET}`);
  assert.equal((await here.load()).config.models.providers.mine?.apiKey?.reveal(), SECRET);
});

test('file:/path is the content of the file without its last line break', async (t) => {
  const here = place(t);
  const path = here.write('key', `${SECRET}\n`);
  here.write('openclaw.json', withKey(`file:${path}`));
  assert.equal((await here.load()).config.models.providers.mine?.apiKey?.reveal(), SECRET);
  here.write('openclaw.json', withKey('file:~/key'));
  assert.equal((await here.load()).config.models.providers.mine?.apiKey?.reveal(), SECRET);
  symlinkSync(path, join(here.home, 'link'));
  here.write('openclaw.json', withKey('file:~/link'));
  assert.equal((await here.load()).config.models.providers.mine?.apiKey?.reveal(), SECRET);
});

for (const [what, mode, text] of [
  ['that everybody can read', 0o644, SECRET],
  ['that the group can write', 0o660, SECRET],
  ['that everybody can write', 0o606, SECRET],
  ['that is too large', 0o600, 'x'.repeat(70_000)],
] as const) {
  test(`a secret file ${what} is refused`, async (t) => {
    const here = place(t);
    const path = here.write('key', text, mode);
    here.write('openclaw.json', withKey(`file:${path}`));
    const error = await errorOf(here.load());
    assert.match(error.message, /models\.providers\.mine\.apiKey \(line 1, column \d+\): .*key (?:can be|is larger)/);
    assert.ok(!error.message.includes(SECRET));
  });
}

test('credential:NAME is what systemd passes, and only under its own name', async (t) => {
  const here = place(t, withKey('credential:openai'));
  const directory = join(here.home, 'credentials.d');
  mkdirSync(directory);
  writeFileSync(join(directory, 'openai'), SECRET);
  chmodSync(join(directory, 'openai'), 0o440);
  const env = { CREDENTIALS_DIRECTORY: directory };
  assert.equal((await here.load({ env })).config.models.providers.mine?.apiKey?.reveal(), SECRET);
  assert.match((await errorOf(here.load())).message, /only in a service with LoadCredential=openai/);
  for (const name of ['../openclaw.json', '/etc/passwd', '.hidden', '']) {
    here.write('openclaw.json', withKey(`credential:${name}`));
    assert.match((await errorOf(here.load({ env }))).message, /is no name of a credential/);
  }
});

test('op:// runs `op read` as a program with arguments, once for each reference, without the rest of the environment', async (t) => {
  const here = place(
    t,
    JSON.stringify({ models: { providers: { a: { apiKey: 'op://v/item/key' }, b: { apiKey: 'op://v/item/key' } } } }),
  );
  const calls: unknown[] = [];
  const run: RunProgram = (file, args, options) => {
    calls.push([file, args, Object.keys(options.env).toSorted(), options.timeoutMs > 0]);
    return Promise.resolve({ stdout: `${SECRET}\n` });
  };
  const env = { HOME: here.home, PATH: '/bin', OP_SERVICE_ACCOUNT_TOKEN: 'x', OPENAI_API_KEY: 'never passed on' };
  const { config } = await here.load({ run, env });
  assert.equal(config.models.providers.a?.apiKey?.reveal(), SECRET);
  assert.equal(config.models.providers.b?.apiKey?.reveal(), SECRET);
  assert.deepEqual(calls, [
    ['op', ['read', '--no-newline', 'op://v/item/key'], ['HOME', 'OP_SERVICE_ACCOUNT_TOKEN', 'PATH'], true],
  ]);
});

test('a real program called op is found by PATH; one that fails is told without its output', async (t) => {
  const here = place(t, withKey('op://v/item/key'));
  const bin = join(here.home, 'bin');
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'op'),
    `#!/bin/sh\n[ "$1 $2 $3" = "read --no-newline op://v/item/key" ] && printf '%s\\n' ${SECRET}\n`,
    { mode: 0o755 },
  );
  const env = { HOME: here.home, PATH: `${bin}:/usr/bin:/bin` };
  assert.equal((await here.load({ env, run: runProgram })).config.models.providers.mine?.apiKey?.reveal(), SECRET);
  writeFileSync(join(bin, 'op'), `#!/bin/sh\necho ${SECRET}; exit 1\n`);
  const failed = await errorOf(here.load({ env }));
  assert.match(failed.message, /op:\/\/v\/item\/key: op read failed\./);
  assert.ok(!inspect(failed, { depth: 9 }).includes(SECRET));
  const missing = await errorOf(here.load({ env: { HOME: here.home, PATH: '/nowhere' } }));
  assert.match(missing.message, /there is no program op\. Install the 1Password CLI/);
});

test('a reference that is none is told as such', async (t) => {
  for (const [reference, message] of [
    ['env:NOT_SET', 'the environment variable NOT_SET is not set'],
    ['file:relative', 'file:relative is not an absolute path'],
    ['file:/does/not/exist', 'there is no file /does/not/exist'],
    ['op://only-a-vault', 'op://only-a-vault is no 1Password reference'],
    ['op://v/$(id)/ x', 'op://v/$(id)/ x is no 1Password reference'],
  ] as const) {
    const error = await errorOf(place(t, withKey(reference)).load({ run: noProgram }));
    assert.ok(error.message.includes(message), error.message);
  }
});

test('looking follows no reference that it was not asked for', async (t) => {
  const here = place(
    t,
    JSON.stringify({ gateway: { auth: { token: 'env:T' } }, models: { providers: { a: { apiKey: 'op://v/i/f' } } } }),
  );
  const { config, notes } = await here.load({
    purpose: 'look',
    run: noProgram,
    env: { T: SECRET },
    follow: (path) => path[0] === 'gateway',
  });
  assert.equal(config.gateway.auth.token?.reveal(), SECRET);
  assert.equal(config.models.providers.a?.apiKey?.reveal(), '');
  assert.deepEqual(notes, []);
});

test('a loaded configuration prints none of its secrets', async (t) => {
  const here = place(t, JSON.stringify({ gateway: { auth: { token: SECRET } }, channels: { telegram: { botToken: 'env:B' } } }));
  const loaded = await here.load({ env: { B: `123456:${'A'.repeat(35)}` } });
  const { config, said, notes } = loaded;
  const printed = inspect({ config, said, notes }, { depth: 20 }) + JSON.stringify({ config, said });
  assert.ok(!printed.includes(SECRET) && !printed.includes('123456:A'));
});

test('every placeholder is refused where a secret is needed', async (t) => {
  for (const text of [
    '',
    '  ',
    'changeme',
    'CHANGE_ME',
    'undefined',
    'null',
    '<your token>',
    'your-token-here',
    'MANAGED_BY_1PASSWORD',
    'xxxx',
    '...',
    '…',
    'TODO',
    '[redacted]',
  ]) {
    const error = await errorOf(place(t, JSON.stringify({ gateway: { auth: { token: text } } })).load());
    assert.ok(isAppError(error, 'invalid'));
    assert.match(
      error.message,
      /gateway\.auth\.token \(line 1, column \d+\): (?:the secret is blank|".*" stands for a secret, but is none)\./,
    );
  }
});

test('two tokens that differ keep the gateway from starting', async (t) => {
  const here = place(t, JSON.stringify({ gateway: { auth: { token: 'a'.repeat(40) }, remote: { token: 'b'.repeat(40) } } }));
  assert.match((await errorOf(here.load())).message, /gateway\.remote\.token \(.*\): it differs from gateway\.auth\.token/);
  assert.equal((await here.load({ purpose: 'look' })).notes.length, 1);
});
