// What hostile commands try, on the real engine.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isAppError } from '../../src/domain/errors.ts';
import type { ExecRequest, Sandbox } from '../../src/domain/sandbox.ts';
import type { DockerBackend } from '../../src/sandbox/docker/index.ts';
import { dockerBackend, dockerSpec, mebibyte, patience, shell, text } from './docker-bed.ts';

const python = (program: string, more: Partial<ExecRequest> = {}): ExecRequest => ({
  ...shell('', more),
  command: { argv: ['python3', '-c', program] },
});

const processes = async (sandbox: Sandbox): Promise<string> =>
  text((await sandbox.exec(shell('for p in /proc/[0-9]*; do tr "\\0" " " < $p/cmdline; echo; done 2>/dev/null'))).stdout);

/** The ids of the supervisor and its launchers, by a word in their arguments (written so that the search does not find itself). */
const supervisors = 'for p in /proc/[0-9]*; do grep -qs "openclaw-supervis[o]r" $p/cmdline && echo ${p#/proc/}; done';

let backend: DockerBackend;
before(async () => {
  backend = await dockerBackend();
}, patience);
after(() => backend.close(), patience);

async function withSandbox(use: (sandbox: Sandbox) => Promise<void>, more: Parameters<typeof dockerSpec>[0] = {}): Promise<void> {
  const sandbox = await backend.acquire('attack', dockerSpec(more));
  try {
    await use(sandbox);
  } finally {
    await sandbox.destroy();
  }
}

const isGone = (error: unknown): boolean => isAppError(error, 'unavailable');

describe('more than its share', () => {
  for (const [name, request] of Object.entries({
    'a shell': shell(':(){ :|:& };:; sleep 600', { timeoutMs: 3_000 }),
    'a program that ignores TERM': python(
      'import os, signal\nsignal.signal(15, signal.SIG_IGN)\nwhile True:\n  try: os.fork()\n  except OSError: pass',
      {
        timeoutMs: 3_000,
      },
    ),
  })) {
    test(`a fork bomb of ${name} is bounded, ended, and harms no other sandbox`, patience, async () => {
      await withSandbox(async (bombed) => {
        await withSandbox(async (other) => {
          const bomb = bombed.exec(request);
          assert.equal(text((await other.exec(shell('sleep 1; echo fine'))).stdout), 'fine\n');
          const result = await bomb;
          assert.equal(result.timedOut, true);
          // Either nothing of it is left, or the sandbox was ended with all of it.
          const left = await processes(bombed).catch((error: unknown) =>
            isGone(error) ? 'ended' : Promise.reject(error as Error),
          );
          assert.doesNotMatch(left, /SIG_IGN|:\(\)/);
        });
      });
    });
  }

  test('memory is bounded, without swap; the sandbox lives on', patience, async () => {
    await withSandbox(async (sandbox) => {
      const result = await sandbox.exec(
        python('x = bytearray(2_000_000_000)\nfor i in range(0, len(x), 4096): x[i] = 1\nprint("had it")'),
      );
      assert.equal(result.stdoutBytes, 0);
      assert.equal(result.signal ?? result.exitCode, 'SIGKILL');
      assert.equal(text((await sandbox.exec(shell('echo fine'))).stdout), 'fine\n');
    });
  });

  test('scratch space is bounded', patience, async () => {
    await withSandbox(async (sandbox) => {
      for (const directory of ['/tmp', '/var/tmp', '/run']) {
        const filled = await sandbox.exec(
          shell(`dd if=/dev/zero of=${directory}/fill bs=1M count=500 2>&1; stat -c %s ${directory}/fill; rm ${directory}/fill`),
        );
        assert.match(text(filled.stdout), /No space left/);
        assert.ok(Number(text(filled.stdout).trim().split('\n').at(-1)) <= 32 * mebibyte);
      }
      await assert.rejects(sandbox.writeFile('/tmp/fill', new Uint8Array(40 * mebibyte)), (error) => isAppError(error, 'limit'));
      const left = await sandbox.exec(shell('ls -A /tmp'));
      assert.equal(text(left.stdout), '');
    });
  });

  test('open files are bounded', patience, async () => {
    await withSandbox(async (sandbox) => {
      assert.equal(text((await sandbox.exec(shell('ulimit -Hn; ulimit -Sn'))).stdout), '1024\n1024\n');
    });
  });

  test('a flood of output fills nobody’s memory', patience, async () => {
    await withSandbox(async (sandbox) => {
      const before = process.memoryUsage.rss();
      const dropped = await sandbox.exec(shell('head -c 1000000000 /dev/zero', { maxOutputBytes: 1_000 }));
      assert.equal(dropped.stdoutBytes, 1_000_000_000);
      assert.equal(dropped.stdout.length, 1_000);
      let heard = 0;
      const streamed = await sandbox.exec(
        shell('head -c 300000000 /dev/zero', { maxOutputBytes: 1_000, onOutput: (_, bytes) => (heard += bytes.length) }),
      );
      assert.equal(heard, 300_000_000);
      assert.equal(streamed.stdoutBytes, 300_000_000);
      assert.ok(process.memoryUsage.rss() - before < 150 * mebibyte);
      const supervisor = await sandbox.exec(shell(`for p in $(${supervisors}); do grep VmHWM /proc/$p/status; done`));
      for (const [, kilobytes] of text(supervisor.stdout).matchAll(/(\d+) kB/g)) assert.ok(Number(kilobytes) < 40_000);
    });
  });

  test('a command too long for the kernel is refused, and the sandbox lives on', patience, async () => {
    await withSandbox(async (sandbox) => {
      for (const length of [200_000, 9_000_000]) {
        await assert.rejects(sandbox.exec(shell(`true ${'x'.repeat(length)}`)), (error) => isAppError(error, 'limit'));
      }
      assert.equal((await sandbox.exec(shell('true'))).exitCode, 0);
    });
  });

  test('a flood of one command does not hold another up', patience, async () => {
    await withSandbox(async (sandbox) => {
      const flood = await sandbox.start(shell('cat /dev/zero', { onOutput: () => {} }));
      assert.equal(text((await sandbox.exec(shell('echo through'))).stdout), 'through\n');
      await flood.kill();
    });
  });
});

describe('a longer life than allowed', () => {
  const escapes = {
    'a background child': 'sleep 555 & sleep 600',
    'a child in a session of its own': 'setsid sleep 555 & sleep 600',
    'a double fork with an empty environment': '(env -i setsid sh -c "sleep 555 & exit" &); sleep 600',
    'a grandchild that ignores TERM': 'setsid sh -c "trap \'\' TERM; sleep 555; sleep 555" & sleep 600',
    'a stopped child': 'setsid sh -c "kill -STOP \\$\\$; sleep 555" & sleep 600',
    'a program whose first thread has ended':
      'setsid python3 -c "import threading, time, ctypes; threading.Thread(target=time.sleep, args=(555,)).start(); ctypes.CDLL(None).pthread_exit(None)" & sleep 600',
  };
  for (const [name, command] of Object.entries(escapes)) {
    test(`${name} ends with its command`, patience, async () => {
      await withSandbox(async (sandbox) => {
        const result = await sandbox.exec(shell(command, { timeoutMs: 700 }));
        assert.equal(result.timedOut, true);
        assert.doesNotMatch(await processes(sandbox), /555|600/);
      });
    });
  }

  test('ending one command leaves the others alone', patience, async () => {
    await withSandbox(async (sandbox) => {
      const other = await sandbox.start(shell('setsid sleep 444 & cat'));
      await sandbox.exec(shell('setsid sleep 555 & sleep 600', { timeoutMs: 500 }));
      const left = await processes(sandbox);
      assert.match(left, /sleep 444/);
      assert.doesNotMatch(left, /555|600/);
      await other.kill();
      assert.doesNotMatch(await processes(sandbox), /444/);
    });
  });

  test('a command that ends leaves its background child and does not wait for it', patience, async () => {
    await withSandbox(async (sandbox) => {
      const result = await sandbox.exec(shell('sleep 333 & echo started'));
      assert.equal(text(result.stdout), 'started\n');
      assert.equal(result.exitCode, 0);
      assert.match(await processes(sandbox), /sleep 333/);
    });
  });

  test(
    'when the supervisor is killed, the command is lost, the sandbox removed, and the next one is fresh',
    patience,
    async () => {
      const sandbox = await backend.acquire('attack', dockerSpec());
      await assert.rejects(sandbox.exec(shell(`kill -9 $(${supervisors}); sleep 600`)), isGone);
      await assert.rejects(sandbox.exec(shell('true')), isGone);
      await sandbox.destroy();
      assert.deepEqual(await backend.list(), []);
      await withSandbox(async (next) => assert.equal((await next.exec(shell('true'))).exitCode, 0));
    },
  );

  test('when a command kills the process that watches it, the sandbox ends', patience, async () => {
    const sandbox = await backend.acquire('attack', dockerSpec());
    await assert.rejects(sandbox.exec(shell('(setsid sleep 555 &); kill -9 $PPID; sleep 600')), isGone);
    await sandbox.destroy();
    assert.deepEqual(await backend.list(), []);
  });

  test('when the supervisor is stopped, the command still ends in time, with the sandbox', patience, async () => {
    const sandbox = await backend.acquire('attack', dockerSpec());
    const result = await sandbox.exec(shell(`kill -STOP $(${supervisors}); sleep 600`, { timeoutMs: 500 }));
    assert.equal(result.timedOut, true);
    await assert.rejects(sandbox.exec(shell('true')), isGone);
    await sandbox.destroy();
    assert.deepEqual(await backend.list(), []);
  });
});

describe('a way out', () => {
  test('there is no root, no capability, no way to one', patience, async () => {
    await withSandbox(async (sandbox) => {
      const status = text(
        (await sandbox.exec(shell('id -u; id -g; grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status'))).stdout,
      );
      const [uid, gid, ...lines] = status.trim().split('\n');
      assert.notEqual(uid, '0');
      assert.notEqual(gid, '0');
      for (const line of lines.filter((line) => line.startsWith('Cap'))) assert.match(line, /\t0{16}$/);
      assert.ok(lines.includes('NoNewPrivs:\t1'));
      assert.ok(lines.includes('Seccomp:\t2'));
      const setuid = await sandbox.exec(shell('find / -xdev -type f -perm /6000 2>/dev/null'));
      assert.equal(text(setuid.stdout), '');
      for (const attempt of [
        'unshare -U true',
        'unshare -n true',
        'mount -t tmpfs x /mnt',
        'mknod /tmp/sda b 8 0',
        'chroot / true',
        'su -c true',
      ]) {
        assert.notEqual((await sandbox.exec(shell(attempt))).exitCode, 0, attempt);
      }
    });
  });

  test('a copied program with the setuid bit gains nothing', patience, async () => {
    await withSandbox(async (sandbox) => {
      const result = await sandbox.exec(shell('cp /bin/sh /tmp/s; chmod 6755 /tmp/s; /tmp/s -c "id -u"'));
      assert.notEqual(text(result.stdout).trim(), '0');
    });
  });

  test('there is no network', patience, async () => {
    await withSandbox(async (sandbox) => {
      assert.equal(text((await sandbox.exec(shell('ls /sys/class/net'))).stdout), 'lo\n');
      const connect =
        'import socket\ns = socket.socket(); s.settimeout(3)\ntry: s.connect(("1.1.1.1", 53)); print("out")\nexcept OSError as e: print(e.errno)';
      assert.equal(text((await sandbox.exec(python(connect))).stdout).trim(), '101');
      assert.notEqual((await sandbox.exec(shell('getent hosts deb.debian.org'))).exitCode, 0);
      assert.notEqual((await sandbox.exec(shell('ls /var/run/docker.sock /run/docker.sock'))).exitCode, 0);
    });
  });

  test('only scratch and a writable workspace can be written', patience, async () => {
    await withSandbox(
      async (sandbox) => {
        const found = await sandbox.exec(
          shell('find / -writable -not -path "/proc/*" -not -path "/dev/*" -not -type l 2>/dev/null'),
        );
        assert.deepEqual(text(found.stdout).trim().split('\n').toSorted(), ['/run', '/tmp', '/var/tmp']);
        for (const path of [
          '/x',
          '/etc/x',
          '/usr/bin/x',
          '/home/sandbox/x',
          '/workspace/x',
          '/proc/sys/kernel/hostname',
          '/proc/sysrq-trigger',
        ]) {
          assert.notEqual((await sandbox.exec(shell(`echo x > ${path}`))).exitCode, 0, path);
        }
        await assert.rejects(sandbox.writeFile('/etc/x', Buffer.from('x')), (error) => isAppError(error, 'denied'));
      },
      { access: 'ro' },
    );
  });

  test('nobody looks into the supervisor, or writes for it', patience, async () => {
    await withSandbox(async (sandbox) => {
      const look = `for pid in $(${supervisors}); do cat /proc/$pid/environ; ls /proc/$pid/fd; head -c 1 /proc/$pid/mem; echo x > /proc/$pid/fd/1; done`;
      const result = await sandbox.exec(shell(`set +e; ${look}`));
      assert.equal(text(result.stdout), '');
      assert.match(text(result.stderr), /Permission denied/);
      const trace = `import ctypes, subprocess\npids = subprocess.run(["sh", "-c", ${JSON.stringify(supervisors)}], capture_output=True, text=True).stdout.split()\nprint(len(pids), [ctypes.CDLL(None).ptrace(16, int(p), 0, 0) for p in pids])`;
      assert.match(text((await sandbox.exec(python(trace))).stdout), /^[1-9]\d* \[-1(, -1)*\]\n$/);
    });
  });

  test('what looks like a frame is output like any other', patience, async () => {
    await withSandbox(async (sandbox) => {
      const exit = Buffer.from('{"exitCode":0,"timedOut":false,"stdoutBytes":0,"stderrBytes":0}');
      const forged = Buffer.concat([Buffer.from([0, 0, 0, exit.length, 'x'.charCodeAt(0), 0, 0, 0, 1]), exit]);
      const result = await sandbox.exec(shell('cat; cat >&2 < /dev/null; exit 7', { stdin: forged }));
      assert.deepEqual(Buffer.from(result.stdout), forged);
      assert.equal(result.exitCode, 7);
    });
  });

  test('no secret of the gateway is anywhere in it', patience, async () => {
    process.env['OPENCLAW_TEST_SECRET'] = 'hunter2-canary';
    await withSandbox(async (sandbox) => {
      const result = await sandbox.exec(
        shell('cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline /proc/mounts 2>/dev/null | tr "\\0" "\\n"'),
      );
      assert.doesNotMatch(text(result.stdout), /hunter2|HOSTNAME_OF_HOST/);
      const first = await sandbox.exec(shell('tr "\\0" "\\n" < /proc/1/environ | cut -d= -f1 | sort'));
      assert.deepEqual(text(first.stdout).trim().split('\n'), ['HOME', 'HOSTNAME', 'LANG', 'PATH']);
    });
    delete process.env['OPENCLAW_TEST_SECRET'];
  });

  test('a link in the workspace leads to the container’s own files, never to the host’s', patience, async () => {
    const spec = dockerSpec();
    mkdirSync(join(spec.workspace, 'dir'));
    const secret = join(dockerSpec().workspace, 'secret.txt');
    writeFileSync(secret, 'the host’s');
    symlinkSync(secret, join(spec.workspace, 'to-secret'));
    symlinkSync('/etc/hostname', join(spec.workspace, 'to-hostname'));
    symlinkSync('/etc/passwd', join(spec.workspace, 'dir/to-passwd'));
    await withSandbox(async (sandbox) => {
      const range = { offset: 0, maxBytes: 1000 };
      await assert.rejects(sandbox.readFile('to-secret', range), (error) => isAppError(error, 'not_found'));
      assert.equal(text((await sandbox.readFile('to-hostname', range)).bytes).trim(), 'sandbox');
      await assert.rejects(sandbox.writeFile('dir/to-passwd', Buffer.from('x')), (error) => isAppError(error, 'denied'));
      await sandbox.exec(shell('ln -s /etc/shadow made-inside; echo mine > real.txt; ln -s real.txt inner'));
      await sandbox.writeFile('inner', Buffer.from('through the link'));
      assert.equal(readFileSync(join(spec.workspace, 'real.txt'), 'utf8'), 'through the link');
    }, spec);
  });

  test('what is no plain file is not read or replaced', patience, async () => {
    await withSandbox(async (sandbox) => {
      await sandbox.exec(shell('mkfifo pipe; mkdir directory'));
      for (const path of ['pipe', 'directory', '/dev/zero']) {
        await assert.rejects(sandbox.readFile(path, { offset: 0, maxBytes: 10 }), (error) => isAppError(error, 'invalid'), path);
        await assert.rejects(sandbox.writeFile(path, Buffer.from('x')), (error) => isAppError(error), path);
      }
    });
  });
});
