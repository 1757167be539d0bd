// The wire: the engine's multiplexed stream, the supervisor's frames, and an engine that misbehaves, on a real socket.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { isAppError } from '../../src/domain/errors.ts';
import type { AppError, ErrorCode } from '../../src/domain/errors.ts';
import { temporaryDirectory } from './docker-bed.ts';
import { createDemultiplexer } from '../../src/sandbox/docker/demultiplex.ts';
import { createEngine, engineSocketPath } from '../../src/sandbox/docker/engine.ts';
import { probeEngine } from '../../src/sandbox/docker/engine-facts.ts';
import { createFrameReader, frame } from '../../src/sandbox/docker/frames.ts';
import type { SentKind } from '../../src/sandbox/docker/frames.ts';

/** The same bytes, cut at any places. */
const cuts = (bytes: Buffer, places: readonly number[]): Buffer[] => {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((left, right) => left - right);
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
};

const multiplexed = (stream: number, payload: Uint8Array): Buffer => {
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, payload]);
};

describe('streams and frames', () => {
  test('the engine’s stream is taken apart, cut at any byte', () => {
    const pieces = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 40 })), { maxLength: 8 });
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(), { maxLength: 12 }), (written, places) => {
        const heard: Record<string, Buffer[]> = { stdout: [], stderr: [] };
        const take = createDemultiplexer((stream, bytes) => heard[stream]?.push(Buffer.from(bytes)));
        for (const piece of cuts(Buffer.concat(written.map(([stream, bytes]) => multiplexed(stream, bytes))), places))
          take(piece);
        for (const [stream, number] of [
          ['stdout', 1],
          ['stderr', 2],
        ] as const) {
          const expected = written.flatMap(([of, bytes]) => (of === number ? [bytes] : []));
          assert.deepEqual(Buffer.concat(heard[stream] ?? []), Buffer.concat(expected));
        }
      }),
    );
  });

  test('frames come whole and in order, cut at any byte', () => {
    const kinds = fc.constantFrom<SentKind>('S', 'I', 'E', 'K', 'R', 'W');
    const frames = fc.array(fc.tuple(kinds, fc.nat(0xffff_ffff), fc.uint8Array({ maxLength: 60 })), { maxLength: 8 });
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { maxLength: 12 }), (written, places) => {
        const heard: [string, number, Buffer][] = [];
        const take = createFrameReader((kind, id, payload) => heard.push([kind, id, Buffer.from(payload)]));
        for (const piece of cuts(Buffer.concat(written.map((parts) => frame(...parts))), places)) take(piece);
        assert.deepEqual(
          heard,
          written.map(([kind, id, bytes]) => [kind, id, Buffer.from(bytes)]),
        );
      }),
    );
  });

  test('a frame that no supervisor sends is refused, not waited for', () => {
    const take = createFrameReader(() => {});
    assert.throws(
      () => take(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x78, 0, 0, 0, 1])),
      (error) => isAppError(error, 'unavailable'),
    );
  });
});

describe('an engine', () => {
  async function withEngine(
    listener: RequestListener,
    use: (socketPath: string, server: Server) => Promise<void>,
  ): Promise<void> {
    const socketPath = join(temporaryDirectory('engine'), 'docker.sock');
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    try {
      await use(socketPath, server);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  async function failure(promise: Promise<unknown>, code: ErrorCode): Promise<AppError> {
    const error: unknown = await promise.then(
      () => assert.fail('it should have failed'),
      (thrown: unknown) => thrown,
    );
    assert.ok(isAppError(error, code), String(error));
    return error;
  }

  const version = { method: 'GET', path: '/version' } as const;

  test('that is not there: says which socket, and how to start it', async () => {
    const error = await failure(createEngine('/nowhere/docker.sock').call(version), 'unavailable');
    assert.match(error.message, /\/nowhere\/docker\.sock/);
    assert.match(error.hint ?? '', /systemctl start docker/);
  });

  test('whose answers are refusals: the engine’s own words, under our codes', async () => {
    const answers: [number, string, ErrorCode, RegExp][] = [
      [400, '{"message":"bad parameter"}', 'invalid', /bad parameter/],
      [403, '{"message":"not you"}', 'denied', /not you/],
      [404, '{"message":"No such container: x"}', 'not_found', /No such container/],
      [404, '{"message":"No such image: sandbox:1"}', 'not_found', /image sandbox:1/],
      [409, '{"message":"name in use"}', 'conflict', /name in use/],
      [500, 'plain words', 'unavailable', /plain words/],
      [503, '', 'unavailable', /no reason/],
    ];
    for (const [status, body, code, message] of answers) {
      await withEngine(
        (_, response) => void response.writeHead(status).end(body),
        async (socketPath) => assert.match((await failure(createEngine(socketPath).call(version), code)).message, message),
      );
    }
  });

  test('without the image: the hint is the command that builds it', async () => {
    await withEngine(
      (_, response) => void response.writeHead(404).end('{"message":"No such image: sandbox:1"}'),
      async (socketPath) =>
        assert.equal((await failure(createEngine(socketPath).call(version), 'not_found')).hint, 'openclaw sandbox build'),
    );
  });

  test('that does not answer, answers half, breaks off or is no engine: unavailable, never a wait without end', async () => {
    const listeners: RequestListener[] = [
      () => {},
      (_, response) => void response.writeHead(200, { 'content-length': 100 }).write('{"half":'),
      (request) => void request.socket.destroy(),
      (_, response) => void response.writeHead(200).end('<html>'),
    ];
    for (const listener of listeners) {
      await withEngine(listener, async (socketPath) => {
        await failure(createEngine(socketPath).call({ ...version, timeoutMs: 200 }), 'unavailable');
        await failure(createEngine(socketPath).hijack({ method: 'POST', path: '/exec/x/start', timeoutMs: 200 }), 'unavailable');
      });
    }
  });

  test('that reports an error in the middle of its progress fails the work', async () => {
    await withEngine(
      (_, response) => void response.writeHead(200).end('{"status":"one"}\n{"error":"disk full"}\n{"status":"two"}\n'),
      async (socketPath) => {
        const lines: string[] = [];
        const work = createEngine(socketPath).follow({ method: 'POST', path: '/images/create', idleMs: 1_000 }, (line) =>
          lines.push(line.status ?? ''),
        );
        assert.match((await failure(work, 'unavailable')).message, /disk full/);
        assert.deepEqual(lines, ['one']);
      },
    );
  });

  test('that stops making progress is given up', async () => {
    await withEngine(
      (_, response) => void response.writeHead(200).write('{"status":"one"}\n'),
      async (socketPath) => {
        await failure(
          createEngine(socketPath).follow({ method: 'POST', path: '/x', idleMs: 200 }, () => {}),
          'unavailable',
        );
      },
    );
  });

  test('a probe never throws, and never waits long', async () => {
    assert.equal((await probeEngine(createEngine('/nowhere/docker.sock'), 'sandbox:1')).ready, false);
    await withEngine(
      () => {},
      async (socketPath) => {
        const status = await probeEngine(createEngine(socketPath), 'sandbox:1');
        assert.equal(status.ready, false);
        assert.match(status.detail, /did not answer/);
      },
    );
  });

  test('DOCKER_HOST may name a unix socket and nothing else', () => {
    assert.equal(engineSocketPath({}), '/var/run/docker.sock');
    assert.equal(engineSocketPath({ dockerHost: '' }), '/var/run/docker.sock');
    assert.equal(engineSocketPath({ dockerHost: 'unix:///run/broker/docker.sock' }), '/run/broker/docker.sock');
    assert.equal(engineSocketPath({ dockerHost: 'tcp://10.0.0.1:2375', socketPath: '/run/own.sock' }), '/run/own.sock');
    for (const dockerHost of ['tcp://127.0.0.1:2375', 'ssh://host', 'unix://relative', '/var/run/docker.sock']) {
      assert.throws(
        () => engineSocketPath({ dockerHost }),
        (error) => isAppError(error, 'invalid'),
        dockerHost,
      );
    }
  });
});
