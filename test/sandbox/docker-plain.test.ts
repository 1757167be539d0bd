// The slow way, with an image that has a shell and no Python: the same contract.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { createEngine, defaultSocketPath } from '../../src/sandbox/docker/engine.ts';
import { sandboxImage } from '../../src/sandbox/image/build.ts';
import { tarOfFile } from '../../src/sandbox/image/tar.ts';
import { sandboxContract } from '../contracts/sandbox.ts';
import { dockerBackend, dockerSpec, patience, shell, text } from './docker-bed.ts';

const image = `openclaw-test-plain:${randomBytes(6).toString('hex')}`;
const dockerfile = `FROM ${sandboxImage}\nUSER root\nRUN rm -rf /usr/bin/python3* /usr/lib/python3*\nUSER sandbox\n`;

describe('an image without Python', () => {
  before(async () => {
    const archive = Readable.from([tarOfFile('Dockerfile', Buffer.from(dockerfile))]);
    const query = { t: image, rm: '1', forcerm: '1', version: '1', networkmode: 'none' };
    const engine = createEngine(defaultSocketPath);
    await engine.follow({ method: 'POST', path: '/build', query, archive, idleMs: 120_000 }, () => {});
  }, patience);

  after(async () => {
    await createEngine(defaultSocketPath).call({ method: 'DELETE', path: `/images/${image}` });
  }, patience);

  sandboxContract('docker without Python', async () => ({ backend: await dockerBackend(), spec: dockerSpec({ image }) }));

  test('a child that has detached itself ends with its command; other commands go on', patience, async () => {
    const backend = await dockerBackend();
    const sandbox = await backend.acquire('plain', dockerSpec({ image }));
    const other = await sandbox.start(shell('cat'));
    const over = await sandbox.exec(shell('(setsid sh -c "sleep 500 & wait" &) ; sleep 600', { timeoutMs: 1_000 }));
    assert.equal(over.timedOut, true);
    const left = await sandbox.exec(shell('cat /proc/[0-9]*/cmdline | tr "\\0" " "'));
    assert.doesNotMatch(text(left.stdout), /sleep [56]00/);
    await other.write(Buffer.from('still here'));
    await other.endInput();
    assert.equal(text((await other.result).stdout), 'still here');
    await backend.close();
  });
});
