// The image: how its sources are found, what it is made of, and that a build makes what the sandbox needs.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { isAppError } from '../../src/domain/errors.ts';
import { createEngine, defaultSocketPath } from '../../src/sandbox/docker/engine.ts';
import { mirrorsFrom } from '../../src/sandbox/image/apt-sources.ts';
import { buildImage } from '../../src/sandbox/image/build.ts';
import { runProgram, streamProgram } from '../../src/sandbox/image/run-program.ts';
import { tarOfFile } from '../../src/sandbox/image/tar.ts';
import { dockerBackend, dockerSpec, patience, shell, temporaryDirectory, text } from './docker-bed.ts';

const engine = createEngine(defaultSocketPath);

describe('the sandbox image on this engine', () => {
  test('has the programs that tools and people expect, a user of its own, and nothing of this host', patience, async () => {
    const backend = await dockerBackend();
    const sandbox = await backend.acquire('image', dockerSpec());
    for (const program of ['bash', 'curl', 'git', 'jq', 'python3', 'rg', 'sh']) {
      assert.equal((await sandbox.exec(shell(`command -v ${program}`))).exitCode, 0, program);
    }
    assert.equal((await sandbox.exec(shell('grep -q "^sandbox:x:1000:" /etc/passwd'))).exitCode, 0);
    assert.equal((await sandbox.exec(shell('test -e /etc/ssl/certs/ca-certificates.crt'))).exitCode, 0);
    const left = await sandbox.exec(
      shell('ls -A /var/lib/apt/lists /var/cache/apt /usr/share/man 2>/dev/null | grep -v -e : -e "^$"'),
    );
    assert.equal(text(left.stdout), '');
    const sources = await sandbox.exec(
      shell('grep -hoE "(URIs: |deb )[^ ]+" /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null'),
    );
    for (const line of text(sources.stdout).trim().split('\n')) assert.match(line, /deb\.debian\.org/);
    await backend.close();
  });
});

describe('a build', () => {
  const image = `openclaw-test-build:${Date.now()}`;
  after(() => engine.call({ method: 'DELETE', path: `/images/${image}` }).catch(() => {}));

  test(
    'from a root file system: the image has the settings, and a second build replaces it without a remnant',
    patience,
    async () => {
      const rootfs = temporaryDirectory('rootfs');
      mkdirSync(join(rootfs, 'etc'));
      writeFileSync(join(rootfs, 'etc/marker'), 'one');
      const lines: string[] = [];
      const first = await buildImage({ source: { rootfs }, image, onProgress: (line) => lines.push(line) });
      assert.ok(lines.some((line) => line.includes(image)));
      const made = await engine.call<{ Config: Record<string, unknown> }>({ method: 'GET', path: `/images/${image}/json` });
      assert.equal(made.Config['User'], 'sandbox');
      assert.equal(made.Config['WorkingDir'], '/home/sandbox');
      assert.deepEqual(made.Config['Cmd'], ['sleep', 'infinity']);

      writeFileSync(join(rootfs, 'etc/marker'), 'two');
      const second = await buildImage({ source: { rootfs }, image, onProgress: () => {} });
      assert.notEqual(second.id, first.id);
      await assert.rejects(engine.call({ method: 'GET', path: `/images/${first.id}/json` }), (error) =>
        isAppError(error, 'not_found'),
      );
    },
  );

  test('from a tar archive', patience, async () => {
    const archive = join(temporaryDirectory('tar'), 'root.tar');
    writeFileSync(archive, tarOfFile('etc-marker', Buffer.from('three')));
    const built = await buildImage({ source: { rootfs: archive }, image, onProgress: () => {} });
    assert.equal(built.image, image);
  });

  test('what is not there, or is no archive, is said plainly', patience, async () => {
    await assert.rejects(buildImage({ source: { rootfs: '/no/such/root' }, image, onProgress: () => {} }), (error) =>
      isAppError(error, 'not_found'),
    );
    const file = join(temporaryDirectory('tar'), 'not.tar');
    writeFileSync(file, 'x'.repeat(2_000));
    await assert.rejects(buildImage({ source: { rootfs: file }, image, onProgress: () => {} }), (error) => isAppError(error));
  });

  test('without an engine nothing is fetched', patience, async () => {
    const lines: string[] = [];
    const work = buildImage({ socketPath: '/nowhere/docker.sock', onProgress: (line) => lines.push(line) });
    await assert.rejects(work, (error) => isAppError(error, 'unavailable'));
    assert.deepEqual(lines, []);
  });

  test('an image that has another name too is kept when it is replaced', patience, async () => {
    const rootfs = temporaryDirectory('rootfs');
    writeFileSync(join(rootfs, 'marker'), 'one');
    const first = await buildImage({ source: { rootfs }, image, onProgress: () => {} });
    const [repo = '', tag = ''] = `${image}-kept`.split(':');
    await engine.call({ method: 'POST', path: `/images/${first.id}/tag`, query: { repo, tag } });
    writeFileSync(join(rootfs, 'marker'), 'two');
    await buildImage({ source: { rootfs }, image, onProgress: () => {} });
    await engine.call({ method: 'DELETE', path: `/images/${image}-kept` });
  });

  /** An engine that answers only what a build from the registry needs. */
  async function withRegistry(pull: string, use: (socketPath: string, asked: string[]) => Promise<void>): Promise<void> {
    const socketPath = join(temporaryDirectory('engine'), 'docker.sock');
    const asked: string[] = [];
    const server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        asked.push(`${request.method} ${request.url} ${Buffer.concat(pieces).toString('latin1')}`);
        if (request.url?.startsWith('/images/create')) response.end(pull);
        else if (request.url?.startsWith('/build')) response.end('{"stream":"Step 1/5 : FROM"}\n');
        else response.end('{"Id":"sha256:1","Size":5000000,"RepoTags":[]}');
      });
    });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    try {
      await use(socketPath, asked);
    } finally {
      server.close();
    }
  }

  test('from a registry that answers: its Debian, with the packages on top', patience, async () => {
    await withRegistry('{"status":"Pulling"}\n', async (socketPath, asked) => {
      const lines: string[] = [];
      await buildImage({ socketPath, image, onProgress: (line) => lines.push(line) });
      assert.ok(asked.some((call) => call.startsWith('POST /images/create?fromImage=debian&tag=bookworm-slim')));
      const build = asked.find((call) => call.startsWith('POST /build?')) ?? '';
      assert.ok(build.includes(`t=${encodeURIComponent(image)}`));
      assert.match(build, /FROM debian:bookworm-slim\n[^]*python3 ripgrep[^]*useradd[^]*USER sandbox\n/);
      assert.ok(lines.includes('Step 1/5 : FROM'));
    });
  });

  test('from a registry that does not answer: Debian packages; without root, the command that does it', patience, async () => {
    await withRegistry('{"error":"no such host"}\n', async (socketPath, asked) => {
      const lines: string[] = [];
      const work = buildImage({ socketPath, image, uid: 1000, onProgress: (line) => lines.push(line) });
      await assert.rejects(work, (error) => isAppError(error, 'denied') && error.hint === 'sudo openclaw sandbox build');
      assert.match(lines.join('\n'), /no such host[^]*Debian packages instead/);
      assert.equal(
        asked.some((call) => call.startsWith('POST /build')),
        false,
      );
      const only = buildImage({ socketPath, image, source: 'registry', onProgress: () => {} });
      await assert.rejects(only, (error) => isAppError(error, 'unavailable'));
    });
  });
});

describe('the sources of Debian packages', () => {
  const stanza = (fields: Record<string, string>): string =>
    Object.entries(fields)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n');
  const debian = { Origin: 'Debian', Label: 'Debian', Component: 'main', 'Created-By': 'Packages', Codename: 'bookworm' };

  test('are this host’s own mirrors, the release’s before another’s', () => {
    const targets = [
      stanza({ ...debian, Codename: 'trixie', 'Repo-URI': 'http://old.example/debian/' }),
      stanza({ ...debian, Component: 'contrib', 'Repo-URI': 'http://contrib.example/debian/' }),
      stanza({ ...debian, 'Created-By': 'Translations', 'Repo-URI': 'http://words.example/debian/' }),
      stanza({ ...debian, 'Repo-URI': 'http://mirror.example/debian/' }),
      stanza({
        ...debian,
        Label: 'Debian-Security',
        Codename: 'bookworm-security',
        'Repo-URI': 'https://mirror.example/security',
      }),
      stanza({ ...debian, Origin: 'Ubuntu', Label: 'Ubuntu', 'Repo-URI': 'http://ubuntu.example/' }),
    ];
    assert.deepEqual(mirrorsFrom(targets.join('\n\n')), {
      mirror: 'http://mirror.example/debian',
      securityMirror: 'https://mirror.example/security',
    });
  });

  test('are the public ones where apt knows no Debian, or only what is no web address', () => {
    const fallback = { mirror: 'http://deb.debian.org/debian', securityMirror: 'http://deb.debian.org/debian-security' };
    assert.deepEqual(mirrorsFrom(''), fallback);
    assert.deepEqual(mirrorsFrom(stanza({ ...debian, Origin: 'Ubuntu', 'Repo-URI': 'http://ubuntu.example/' })), fallback);
    assert.deepEqual(mirrorsFrom(stanza({ ...debian, 'Repo-URI': 'file:/srv/mirror/' })), fallback);
  });
});

describe('programs of the build', () => {
  test('a program that fails says its last words; one that is not there is not_found', async () => {
    assert.equal(await runProgram('printf', ['a\nb']), 'a\nb');
    await assert.rejects(
      runProgram('ls', ['/no/such/file']),
      (error) => isAppError(error, 'unavailable') && /No such file/.test(error.message),
    );
    await assert.rejects(runProgram('no-such-program', []), (error) => isAppError(error, 'not_found'));
    const { output, ended } = streamProgram('ls', ['/no/such/file']);
    output.resume();
    await assert.rejects(ended, (error) => isAppError(error, 'unavailable') && /No such file/.test(error.message));
  });

  test('the archive of one file is one that tar reads', async () => {
    const content = Buffer.from('FROM scratch\n'.repeat(100));
    const path = join(temporaryDirectory('tar'), 'one.tar');
    writeFileSync(path, tarOfFile('Dockerfile', content));
    assert.equal(await runProgram('tar', ['-xOf', path, 'Dockerfile']), content.toString().trimEnd());
    assert.equal(await runProgram('tar', ['-tf', path]), 'Dockerfile');
  });
});
