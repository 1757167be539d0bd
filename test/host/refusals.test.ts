/** What is refused before anything is touched, each with a hint that says what to do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAppError, type AppError, type ErrorCode } from '../../src/domain/errors.ts';
import type { Machine } from '../../src/host/engine/machine.ts';
import { plan } from '../../src/host/engine/apply.ts';
import { docker } from '../../src/host/layers/docker.ts';
import { ufw } from '../../src/host/layers/ufw.ts';
import { requireKnownHost } from '../../src/host/preconditions.ts';
import { mustRun } from '../../src/host/resources/must-run.ts';
import { bareDebian, inputFor } from './fake/host.ts';

async function refusal(act: Promise<unknown>, code: ErrorCode): Promise<AppError> {
  const error = await act.then(
    () => assert.fail('it was not refused'),
    (caught: unknown) => caught,
  );
  assert.ok(isAppError(error, code), String(error));
  assert.ok(error.hint, 'a hint');
  return error;
}

test('another distribution; no systemd', async () => {
  const fedora = bareDebian({ '/etc/os-release': 'ID=fedora\nVERSION_ID=44\nPRETTY_NAME="Fedora 44"\n' });
  assert.match((await refusal(inputFor(fedora, '/').then(requireKnownHost), 'invalid')).message, /Fedora 44/);
  const container = bareDebian();
  await container.removeTree('/run/systemd');
  assert.match((await refusal(inputFor(container, '/').then(requireKnownHost), 'unavailable')).hint ?? '', /--root/);
});

/** Local port 22, from 203.0.113.9: as /proc/net/tcp writes it. */
const sshSession =
  '  sl  local_address rem_address   st\n   0: 0100630A:0016 097100CB:C350 01 00000000:00000000 00:00000000 00000000     0\n';

function withSession(machine: Machine, rows = sshSession): Machine {
  return {
    ...machine,
    run: (file, args, options) =>
      file === 'cat' && args[0] === '/proc/net/tcp'
        ? Promise.resolve({ code: 0, stdout: rows, stderr: '' })
        : machine.run(file, args, options),
  };
}

test('the firewall is not closed over an SSH session from a public address, unless told', async () => {
  const machine = withSession(bareDebian());
  const refused = await refusal(
    inputFor(machine, '/').then((input) => plan([ufw], input)),
    'denied',
  );
  assert.match(refused.message, /203\.0\.113\.9/);
  for (const firewall of [{ keep: ['22/tcp'] }, { cutSsh: true }])
    assert.ok((await plan([ufw], await inputFor(machine, '/', { firewall }))).length > 0);
});

test('a session over the tailnet, or on loopback, is not in the way', async () => {
  for (const remote of ['02006364', '0100007F']) {
    const machine = withSession(bareDebian(), sshSession.replace('097100CB', remote));
    assert.ok((await plan([ufw], await inputFor(machine, '/'))).length > 0, remote);
  }
});

test('a daemon.json of somebody else is merged; one that is no JSON is not thrown away', async () => {
  const machine = bareDebian({ '/etc/docker/daemon.json': '{"data-root": "/srv/docker", "log-opts": {"max-size": "1g"}}' });
  const change = (await plan([docker], await inputFor(machine, '/'))).find(
    ({ resource }) => resource === 'file:/etc/docker/daemon.json',
  );
  const text = change?.diff.join('\n') ?? '';
  assert.match(text, /\+ .*"live-restore": true/);
  assert.match(text, /"data-root": "\/srv\/docker"/);
  assert.match(text, /"max-size": "1g"/);
  const broken = bareDebian({ '/etc/docker/daemon.json': '{"data-root": ' });
  assert.match(
    (
      await refusal(
        inputFor(broken, '/').then((input) => plan([docker], input)),
        'invalid',
      )
    ).message,
    /daemon\.json/,
  );
});

test('apt’s lock and a full disk say what to do', async () => {
  const saying = (stderr: string): Machine => ({
    ...bareDebian(),
    run: () => Promise.resolve({ code: 100, stdout: '', stderr }),
  });
  const locked = await refusal(
    mustRun(saying('E: Could not get lock /var/lib/dpkg/lock-frontend'), 'apt-get', ['update']),
    'unavailable',
  );
  assert.match(locked.hint ?? '', /Wait for it/);
  const full = await refusal(mustRun(saying('write: No space left on device'), 'apt-get', ['update']), 'unavailable');
  assert.match(full.hint ?? '', /Free some space/);
});
