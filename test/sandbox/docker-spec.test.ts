// The one place where a container gets its settings: the whole body, and everything that is refused.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { isAppError } from '../../src/domain/errors.ts';
import type { SandboxSpec } from '../../src/domain/sandbox.ts';
import { refuseSecurityOptions } from '../../src/sandbox/docker/engine-facts.ts';
import { configHash, specToContainer, withLabels } from '../../src/sandbox/docker/spec-to-container.ts';
import type { Surroundings } from '../../src/sandbox/docker/spec-to-container.ts';

const mebibyte = 1024 * 1024;

function spec(more: Partial<SandboxSpec> = {}): SandboxSpec {
  return {
    agentId: 'main',
    image: 'openclaw-sandbox:bookworm-slim',
    workspace: '/home/claw/.openclaw/workspace',
    access: 'ro',
    workdir: '/workspace',
    readOnlyRoot: true,
    network: 'none',
    limits: { memoryBytes: 512 * mebibyte, cpus: 1, processes: 256, openFiles: 1024, scratchBytes: 64 * mebibyte },
    ...more,
  };
}

function surroundings(of: SandboxSpec, more: Partial<Surroundings> = {}): Surroundings {
  return {
    user: { uid: 990, gid: 991 },
    realWorkspace: of.workspace,
    protectedPaths: ['/home/claw', '/home/claw/.openclaw', '/srv/engine/docker.sock'],
    ...more,
  };
}

const bodyOf = (of: SandboxSpec, more: Partial<Surroundings> = {}): ReturnType<typeof specToContainer> =>
  specToContainer(of, surroundings(of, more));

function refused(of: SandboxSpec, code: 'denied' | 'invalid', more: Partial<Surroundings> = {}): void {
  assert.throws(
    () => bodyOf(of, more),
    (error) => isAppError(error, code),
    JSON.stringify([of, more]),
  );
}

const scratch = 'nosuid,nodev,size=67108864,mode=1777,uid=990,gid=991';
const tmpfs = { '/tmp': `rw,exec,${scratch}`, '/var/tmp': `rw,noexec,${scratch}`, '/run': `rw,noexec,${scratch}` };

const whole = {
  Image: 'openclaw-sandbox:bookworm-slim',
  Entrypoint: [],
  Cmd: ['sleep', 'infinity'],
  User: '990:991',
  Hostname: 'sandbox',
  WorkingDir: '/workspace',
  Env: ['LANG=C.UTF-8', 'HOME=/tmp'],
  Tty: false,
  OpenStdin: false,
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  NetworkDisabled: true,
  Healthcheck: { Test: ['NONE'] },
  HostConfig: {
    NetworkMode: 'none',
    IpcMode: 'private',
    PidMode: '',
    UTSMode: '',
    Privileged: false,
    CapAdd: [],
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    Devices: [],
    ReadonlyRootfs: true,
    Init: true,
    AutoRemove: true,
    RestartPolicy: { Name: 'no' },
    LogConfig: { Type: 'none', Config: {} },
    ShmSize: 67108864,
    PidsLimit: 256,
    Memory: 536870912,
    MemorySwap: 536870912,
    NanoCpus: 1_000_000_000,
    Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 1024 }],
    OomScoreAdj: 500,
    Tmpfs: tmpfs,
    Mounts: [
      {
        Type: 'bind',
        Source: '/home/claw/.openclaw/workspace',
        Target: '/workspace',
        ReadOnly: true,
        BindOptions: { Propagation: 'rprivate', NonRecursive: true },
      },
    ],
  },
};

describe('the container of a spec', () => {
  test('the whole body of a read-only workspace', () => {
    assert.deepEqual(bodyOf(spec()), whole);
  });

  test('rw differs in one thing', () => {
    const [mount] = whole.HostConfig.Mounts;
    assert.deepEqual(bodyOf(spec({ access: 'rw' })), {
      ...whole,
      HostConfig: { ...whole.HostConfig, Mounts: [{ ...mount, ReadOnly: false }] },
    });
  });

  test('none has an empty tmpfs for a working directory and no mount', () => {
    assert.deepEqual(bodyOf(spec({ access: 'none' }), { realWorkspace: undefined }), {
      ...whole,
      HostConfig: { ...whole.HostConfig, Mounts: [], Tmpfs: { ...tmpfs, '/workspace': `rw,exec,${scratch}` } },
    });
  });

  test('limits are the spec’s', () => {
    const limits = { memoryBytes: 100 * mebibyte, cpus: 0.5, processes: 50, openFiles: 256, scratchBytes: 8 * mebibyte };
    const host = bodyOf(spec({ limits })).HostConfig;
    assert.deepEqual(
      [host['Memory'], host['MemorySwap'], host['NanoCpus'], host['PidsLimit'], host['ShmSize']],
      [104857600, 104857600, 500_000_000, 50, 8388608],
    );
    assert.deepEqual(host['Ulimits'], [{ Name: 'nofile', Soft: 256, Hard: 256 }]);
  });

  test('what a spec does not say cannot be added to it', () => {
    const odd = { ...spec(), HostConfig: { Privileged: true }, Binds: ['/:/host'], env: { SECRET: 'x' } } as SandboxSpec;
    assert.deepEqual(bodyOf(odd), whole);
  });

  test('labels say whose it is', () => {
    const body = bodyOf(spec());
    const labels = withLabels(body, { stateId: 'state', runId: 'run', createdAtMs: 17, scopeKey: 'agent:main:main' }).Labels;
    assert.deepEqual(labels, {
      'openclaw.sandbox': '1',
      'openclaw.state': 'state',
      'openclaw.run': 'run',
      'openclaw.sessionKey': 'agent:main:main',
      'openclaw.createdAtMs': '17',
      'openclaw.configHash': configHash(body),
    });
    assert.equal('openclaw.sessionKey' in withLabels(body, { stateId: 's', runId: 'r', createdAtMs: 1 }).Labels, false);
  });
});

describe('the hash of settings', () => {
  test('does not see the order of keys, and sees the order of lists and every value', () => {
    assert.equal(configHash({ a: 1, b: { c: [1, 2], d: 'x' } }), configHash({ b: { d: 'x', c: [1, 2] }, a: 1 }));
    assert.notEqual(configHash({ a: [1, 2] }), configHash({ a: [2, 1] }));
    assert.match(configHash({}), /^[0-9a-f]{64}$/);
  });

  test('two values hash alike only when they are equal as JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
        // -0 and 0 are one number in JSON.
        const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
        let equal = true;
        try {
          assert.deepStrictEqual(json(left), json(right));
        } catch {
          equal = false;
        }
        assert.equal(configHash(left) === configHash(right), equal);
      }),
    );
  });

  test('specs that differ in what a container is do not share it', () => {
    const base = configHash(bodyOf(spec()));
    const others: Partial<SandboxSpec>[] = [
      { access: 'rw' },
      { image: 'other:1' },
      { workdir: '/work' },
      { workspace: '/home/claw/.openclaw/other' },
      { readOnlyRoot: false },
      { limits: { ...spec().limits, memoryBytes: 256 * mebibyte } },
    ];
    for (const other of others) assert.notEqual(configHash(bodyOf(spec(other))), base, JSON.stringify(other));
    assert.notEqual(configHash(bodyOf(spec(), { user: { uid: 5, gid: 5 } })), base);
    assert.equal(configHash(bodyOf(spec({ agentId: 'another' }))), base);
  });
});

describe('what is refused', () => {
  test('workspaces of the system, of many, with credentials, with what is protected', () => {
    const workspaces = `
      / /bin /boot/x /dev/shm/x /etc /etc/ssh /home /lib64/x /media /mnt /opt /proc/1/root /root /run/docker.sock
      /run/user/1000/x /sbin /srv /sys/fs /tmp /usr/local/x /Users /var /var/lib /var/lib/docker/volumes
      /var/lib/containerd/x /var/log/x /var/run/docker.sock /var/tmp /home/a/.ssh /home/a/.ssh/x /home/a/.aws/x
      /home/a/.config/gcloud /home/a/.docker /home/a/.gnupg/x /home/claw /home/claw/.openclaw /srv/engine
      /srv/engine/docker.sock`
      .trim()
      .split(/\s+/);
    for (const workspace of workspaces) refused(spec({ workspace }), 'denied');
  });

  test('workspaces beside and below those are taken', () => {
    for (const workspace of [
      '/home/claw/.openclaw/workspace',
      '/etcetera/x',
      '/srv/agents/a',
      '/tmp/x',
      '/root/.openclaw/workspace',
      '/homework/x',
    ]) {
      assert.equal(bodyOf(spec({ workspace })).Image, spec().image, workspace);
    }
  });

  test('paths that are not plain', () => {
    for (const path of [
      '',
      '.',
      'workspace',
      '~/x',
      '../x',
      '/a/../etc',
      '/a/./b',
      '/a//b',
      '/a/',
      '//a',
      '/a/b/..',
      '/a\0b',
      '/a\nb',
      '/a\u007f',
      '/\ud800',
    ]) {
      refused(spec({ workspace: path }), 'invalid');
      refused(spec({ workdir: path }), 'invalid');
    }
  });

  test('a workspace behind a link, or whose real path is not known', () => {
    refused(spec(), 'denied', { realWorkspace: '/etc' });
    refused(spec(), 'denied', { realWorkspace: undefined });
  });

  test('working directories that hide what the image needs', () => {
    for (const workdir of ['/', '/bin', '/etc/x', '/proc', '/tmp', '/tmp/x', '/run', '/usr/lib', '/var', '/dev'])
      refused(spec({ workdir }), 'denied');
  });

  test('images that are no image names', () => {
    for (const image of [
      '',
      ' ',
      'UPPER',
      'a b',
      '../x',
      'x:',
      'x:y z',
      '-x',
      'x@sha256:12',
      'x\ny',
      'x'.repeat(300),
      'http://x/y',
      '--privileged',
    ]) {
      refused(spec({ image }), 'invalid');
    }
    const digest = `debian@sha256:${'a'.repeat(64)}`;
    for (const image of ['debian', 'debian:bookworm-slim', 'localhost:5000/team/sandbox:1.2', digest, 'ghcr.io/a_b/c-d.e:V1']) {
      assert.equal(bodyOf(spec({ image })).Image, image);
    }
  });

  test('limits that are none', () => {
    const limits = spec().limits;
    for (const name of Object.keys(limits) as (keyof typeof limits)[]) {
      for (const value of [
        0,
        -1,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        1e300,
        '5' as unknown as number,
        undefined as unknown as number,
      ]) {
        refused(spec({ limits: { ...limits, [name]: value } }), 'invalid');
      }
    }
    refused(spec({ limits: { ...limits, processes: 10.5 } }), 'invalid');
  });

  test('root, a network, an access that is not known', () => {
    for (const user of [
      { uid: 0, gid: 0 },
      { uid: 0, gid: 5 },
      { uid: 5, gid: 0 },
      { uid: -1, gid: 5 },
      { uid: 1.5, gid: 5 },
      { uid: Number.NaN, gid: 5 },
    ]) {
      refused(spec(), 'denied', { user });
    }
    refused(spec({ network: 'host' as 'none' }), 'denied');
    refused(spec({ access: 'all' as 'rw' }), 'invalid');
  });

  test('no path that is taken is, or holds, a protected one', () => {
    const part = fc.constantFrom('home', 'claw', '.openclaw', 'srv', 'engine', 'docker.sock', 'x', '..', '.', '');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        const workspace = `/${parts.join('/')}`;
        try {
          bodyOf(spec({ workspace }));
        } catch {
          return;
        }
        assert.doesNotMatch(workspace, /\.\.|\/\/|\/$/);
        for (const path of surroundings(spec()).protectedPaths)
          assert.equal(`${path}/`.startsWith(`${workspace}/`), false, workspace);
      }),
    );
  });

  test('an engine without a seccomp profile', () => {
    refuseSecurityOptions(['name=apparmor', 'name=seccomp,profile=default']);
    refuseSecurityOptions(['name=seccomp,profile=builtin', 'name=rootless']);
    for (const options of [[], ['name=apparmor'], ['name=seccomp,profile=unconfined']]) {
      assert.throws(
        () => refuseSecurityOptions(options),
        (error) => isAppError(error, 'denied'),
      );
    }
  });
});
