/**
 * The whole of it on a booted host: from bare Debian to a running gateway, what holds it, and what puts it back.
 * OPENCLAW_BED_SUITE names the release (trixie; bookworm). Needs root; takes some minutes.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bed, Suite } from '../bed/bed.ts';
import { damages } from './damages.ts';
import { findings, freshHost, host, unpacked } from './deploy.ts';
import { listen, ours, oursV6, truthTable, truthTableV6 } from './packets.ts';

const suite = (process.env.OPENCLAW_BED_SUITE ?? 'trixie') as Suite;
const KILLS = 10;

/** A stand-in that speaks the real program's JSON: joined, SSH on, and published to everybody. */
const funnelOn = `#!/bin/sh
case "$*" in
  "status --json") echo '{"BackendState":"Running","Self":{"TailscaleIPs":["100.99.0.1"]}}';;
  "debug prefs") echo '{"RunSSH":true}';;
  "serve status --json") echo '{"AllowFunnel":{"host.example.ts.net:443":true}}';;
esac
`;
interface StatusJson {
  jobs: { name: string; ok: boolean | null }[];
}

describe(`a host with Debian ${suite}`, { concurrency: false }, () => {
  let bed: Bed;
  before(async () => {
    bed = await freshHost(suite);
  });
  after(() => bed?.down());

  test('killed ten times on the way, apply still arrives: a gateway that runs', async () => {
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const running = bed.start([unpacked, 'host', 'apply', '--yes']);
      const ended = new Promise((resolve) => running.once('exit', resolve));
      await Promise.race([ended, sleep(kill * 900)]);
      bed.sh(`pkill -KILL -f '[d]ist/openclaw.cjs host apply'`);
      await ended;
      const listening = /127\.0\.0\.1:18789/.test(bed.sh('ss -tln').stdout);
      if (listening) assert.match(bed.sh('iptables -S INPUT').stdout, /-P INPUT DROP/);
    }
    const done = host(bed, 'apply', '--yes');
    assert.equal(done.code, 0, `${done.stdout}\n${done.stderr}`);
    assert.equal(bed.sh('systemctl is-active openclaw openclaw-sandboxd').stdout, 'active\nactive\n');
  });

  test('verify finds nothing', () => {
    assert.deepEqual(findings(bed), []);
  });

  test('ufw is still there, and the package that removes it is not', () => {
    assert.match(bed.sh('dpkg -l ufw').stdout, /^ii {2}ufw/m);
    assert.notEqual(bed.sh('dpkg -s iptables-persistent').code, 0);
  });

  test('the second apply writes nothing and starts nothing that changes anything', () => {
    bed.sh('touch /run/before; sleep 1.1');
    const trace = bed.sh(`strace -f -qq -e trace=execve -o /run/trace ${unpacked} host apply --yes`, 300_000);
    assert.match(trace.stdout, /Nothing to change/);
    const places =
      '/etc /usr /opt /home /root /var/lib/openclaw-host /var/lib/openclaw-workspaces /var/lib/openclaw-soul-baseline.sha256';
    assert.equal(bed.sh(`find ${places} -xdev -cnewer /run/before`).stdout, '');
    const ran = bed.sh('grep -o \'execve("[^"]*", \\[[^]]*\\]\' /run/trace').stdout;
    assert.doesNotMatch(
      ran,
      /"(?:enable|disable|start|stop|restart|try-restart|daemon-reload|reload|--force|import|useradd|usermod|install|-F|-I|-A)"/,
    );
  });

  test('packets: the table of the document for IPv4 and IPv6, after every restart', async () => {
    listen(bed);
    const look = (when: string): void => {
      assert.deepEqual(truthTable(bed), ours, when);
      assert.deepEqual(truthTableV6(bed), oursV6, `${when}, IPv6`);
    };
    look('deployed');
    bed.sh('systemctl restart docker; sleep 2');
    look('after a restart of docker');
    bed.sh('ufw reload; sleep 1');
    look('after ufw reload');
    await bed.reboot();
    listen(bed);
    look('after a reboot');
    assert.equal(bed.sh('systemctl is-active openclaw').stdout.trim(), 'active');
    bed.sh('docker rm -f probe; systemctl stop probe-listener');
  });

  test('with an egress allowlist neither the host nor a container gets out on another port', () => {
    bed.run(['tee', '/etc/openclaw/host.json5'], { input: '{ egress: { policy: "allowlist" } }' });
    assert.equal(host(bed, 'apply', '--yes').code, 0);
    listen(bed);
    assert.deepEqual(truthTable(bed), { ...ours, 'container→wan': 'blocked', 'host→wan': 'blocked' });
    assert.deepEqual(findings(bed), []);
    bed.sh('docker rm -f probe; systemctl stop probe-listener; rm /etc/openclaw/host.json5');
    assert.equal(host(bed, 'apply', '--yes').code, 0);
  });

  test('docker may be stopped and started: the gateway runs on', () => {
    bed.sh('systemctl stop docker.socket docker; sleep 1; systemctl start docker; sleep 2');
    assert.equal(bed.sh('systemctl is-active openclaw openclaw-sandboxd').stdout, 'active\nactive\n');
  });

  test('a crash is followed by a start, a clean stop is not', async () => {
    bed.sh('systemctl kill -s SIGKILL openclaw');
    for (let wait = 0; wait < 30 && bed.sh('curl -fsS -m 2 http://127.0.0.1:18789/healthz').code !== 0; wait += 1)
      await sleep(1_000);
    assert.equal(bed.sh('systemctl is-active openclaw').stdout.trim(), 'active');
    bed.sh('systemctl stop openclaw; sleep 12');
    assert.equal(bed.sh('systemctl is-active openclaw').stdout.trim(), 'inactive');
    bed.sh('systemctl start openclaw');
  });

  test('six moves against who the agent is, from inside of the service: all fail', () => {
    for (const file of [
      '/etc/openclaw/SOUL.md',
      '/var/lib/openclaw-workspaces/main/AGENTS.md',
      '/var/lib/openclaw-workspaces/main/MEMORY.md',
    ]) {
      const folder = file.slice(0, file.lastIndexOf('/'));
      const moves = [
        `echo x >> ${file}`,
        `chmod 666 ${file}`,
        `rm -f ${file}`,
        `mv ${file} ${file}.away`,
        `mv ${folder} ${folder}.away`,
        `cp /etc/hostname ${folder}/new && mv -f ${folder}/new ${file}`,
      ];
      for (const move of moves) {
        const tried = bed.sh(
          `nsenter -t $(systemctl show -P MainPID openclaw) -m -- setpriv --reuid=openclaw-svc --regid=openclaw-svc --init-groups -- sh -c '${move}'`,
        );
        assert.notEqual(tried.code, 0, move);
      }
      bed.sh(`rm -f ${folder}/new`);
    }
    assert.deepEqual(findings(bed, '--only', 'identity'), []);
  });

  test('a change by root is noticed and taken back in seconds', async () => {
    const text = bed.sh('cat /etc/openclaw/SOUL.md').stdout;
    bed.sh('echo evil >> /etc/openclaw/SOUL.md');
    for (let wait = 0; wait < 30 && bed.sh('cat /etc/openclaw/SOUL.md').stdout !== text; wait += 1) await sleep(500);
    assert.equal(bed.sh('cat /etc/openclaw/SOUL.md').stdout, text);
    assert.match(bed.sh('journalctl -t openclaw-identity --no-pager').stdout, /changed, and restored: \/etc\/openclaw\/SOUL\.md/);
  });

  test('systemd: exposure and a silent verify', () => {
    const score = (unit: string): number =>
      Number(/: ([\d.]+) /.exec(bed.sh(`systemd-analyze security --no-pager ${unit} | tail -1`).stdout)?.[1]);
    assert.ok(score('openclaw.service') <= 1.2);
    assert.ok(score('openclaw-sandboxd.service') <= 0.2);
    assert.equal(
      bed.sh(
        'systemd-analyze verify /etc/systemd/system/openclaw*.service /etc/systemd/system/openclaw*.timer 2>&1 | grep openclaw',
      ).stdout,
      '',
    );
  });

  test('the token is nowhere but in the configuration', () => {
    const token = /"token": "([0-9a-f]{48})"/.exec(bed.sh('cat /etc/openclaw/openclaw.json').stdout)?.[1] as string;
    assert.match(token, /^[0-9a-f]{48}$/);
    // From a file: a search for it on a command line would find itself.
    bed.run(['tee', '/run/token'], { input: token });
    const places = '/etc /var/lib/openclaw-host /var/log /home /root /opt';
    assert.equal(bed.sh(`grep -rlsf /run/token ${places} 2>/dev/null`).stdout.trim(), '/etc/openclaw/openclaw.json');
    assert.equal(bed.sh('journalctl --no-pager | grep -cf /run/token').stdout.trim(), '0');
    assert.equal(bed.sh('cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | grep -acf /run/token').stdout.trim(), '0');
  });

  test('the document’s health checks say what it says', () => {
    assert.match(bed.sh('systemctl status openclaw.service --no-pager').stdout, /active \(running\)/);
    assert.match(bed.sh('ss -tlnp | grep 18789').stdout, /127\.0\.0\.1:18789/);
    assert.match(bed.sh('sha256sum -c /var/lib/openclaw-soul-baseline.sha256').stdout, /SOUL\.md: OK/);
    const asService = (command: string) =>
      bed.sh(`sudo -u openclaw-svc bash -c 'cd ~; export PATH=$HOME/.npm-global/bin:$PATH; ${command}'`);
    assert.match(asService('openclaw --version').stdout, /^\d{4}\.\d+\.\d+/);
    for (const command of ['openclaw doctor', 'openclaw security audit --deep']) {
      const said = asService(command);
      assert.ok(
        said.stdout.length > 100 && !/internal error|unknown command/.test(said.stdout + said.stderr),
        `${command}: ${said.stdout}${said.stderr}`,
      );
    }
  });

  for (const [at, batch] of damages.entries()) {
    test(`damages, ${at + 1}: ${batch.map(({ name }) => name).join('; ')}`, () => {
      for (const damage of batch) assert.equal(bed.sh(damage.do).code, 0, damage.name);
      // From the unpacked release: the installed program may be what is broken.
      const said = bed.run([unpacked, 'host', 'verify', '--json'], { timeoutMs: 300_000 });
      assert.equal(said.code, 1, said.stderr);
      const found = (JSON.parse(said.stdout) as { results: { id: string; state: string; evidence: string }[] }).results
        .filter(({ state }) => state === 'finding')
        .map(({ id, evidence }) => `${id}: ${evidence}`);
      for (const { name, named } of batch)
        assert.ok(
          found.some((line) => named.test(line)),
          `${name} is not among:\n${found.join('\n')}`,
        );
      const repaired = host(bed, 'repair');
      assert.equal(repaired.code, 0, `${repaired.stdout}\n${repaired.stderr}`);
      assert.deepEqual(findings(bed), []);
    });
  }

  test('the checks that send packets see an open door, of both families', () => {
    bed.sh('ufw disable; sysctl -w net.ipv6.conf.all.forwarding=1');
    for (const family of ['iptables', 'ip6tables']) bed.sh(`${family} -F DOCKER-USER; ${family} -P FORWARD ACCEPT`);
    const found = findings(bed, '--only', 'ufw,docker-user').map((line) => line.split(':')[0]);
    for (const id of ['ufw.inbound.v4', 'ufw.inbound.v6', 'docker-user.forward.v4', 'docker-user.forward.v6']) {
      assert.ok(found.includes(`host.${id}`), `${id} among ${found.join(', ')}`);
    }
    assert.equal(host(bed, 'repair').code, 0);
  });

  test('the jobs run, leave their result, and one that fails is seen', () => {
    bed.sh('systemctl start openclaw-job-funnel openclaw-job-identity openclaw-job-credentials');
    const { jobs } = JSON.parse(bed.run(['openclaw', 'host', 'status', '--json']).stdout) as StatusJson;
    for (const name of ['funnel', 'identity', 'credentials']) assert.equal(jobs.find((job) => job.name === name)?.ok, true, name);
    bed.run(['tee', '/usr/local/bin/tailscale'], { input: funnelOn });
    bed.sh('chmod 755 /usr/local/bin/tailscale; systemctl start openclaw-job-funnel');
    const after = JSON.parse(bed.run(['openclaw', 'host', 'status', '--json']).stdout) as StatusJson;
    assert.equal(after.jobs.find((job) => job.name === 'funnel')?.ok, false);
    assert.ok(findings(bed, '--only', 'tailscale,jobs').some((line) => line.startsWith('host.tailscale.funnel')));
    bed.sh('rm /usr/local/bin/tailscale; systemctl start openclaw-job-funnel');
  });

  test('the installed program mends itself from its kept copy', () => {
    bed.sh(
      'printf x >> /opt/openclaw/current/dist/package.json; rm -rf /root/openclaw.gone; mv /root/openclaw /root/openclaw.gone',
    );
    const mended = bed.sh('/opt/openclaw/kept/*/bin/openclaw host repair --only program');
    bed.sh('mv /root/openclaw.gone /root/openclaw');
    assert.equal(mended.code, 0, mended.stdout + mended.stderr);
    assert.deepEqual(findings(bed, '--only', 'program'), []);
  });

  test('remove takes everything away; the host is as it was', () => {
    // A folder of the damages above, not of ours.
    bed.sh('rmdir /etc/systemd/system/openclaw.service.d');
    assert.equal(host(bed, 'remove', '--yes').code, 0);
    assert.equal(
      bed.sh(
        'ls /etc/systemd/system | grep openclaw; getent passwd openclaw-svc; ls -d /opt/openclaw /etc/openclaw/openclaw.json /usr/local/bin/openclaw 2>/dev/null',
      ).stdout,
      '',
    );
    assert.match(bed.sh('iptables -S INPUT').stdout, /-P INPUT ACCEPT/);
    assert.match(bed.sh('ufw status').stdout, /inactive/);
  });

  test('reference: the document’s own deployment, with its score', () => {
    const done = host(bed, 'apply', '--yes', '--profile', 'reference');
    assert.equal(done.code, 0, done.stderr);
    assert.deepEqual(findings(bed, '--profile', 'reference'), []);
    const score = Number(/: ([\d.]+) /.exec(bed.sh('systemd-analyze security --no-pager openclaw | tail -1').stdout)?.[1]);
    assert.ok(Math.abs(score - 5.8) < 0.11, String(score));
    assert.equal(
      bed.sh(
        'stat -c "%U:%G %a" /home/openclaw-svc /home/openclaw-svc/.openclaw /home/openclaw-svc/.openclaw/openclaw.json /home/openclaw-svc/.openclaw/SOUL.md',
      ).stdout,
      'openclaw-svc:openclaw-svc 700\nopenclaw-svc:openclaw-svc 700\nopenclaw-svc:openclaw-svc 600\nroot:openclaw-svc 444\n',
    );
    bed.sh('systemctl stop docker.socket docker; sleep 1; systemctl start docker; sleep 2');
    assert.equal(bed.sh('systemctl is-active openclaw').stdout, 'active\n');
    assert.equal(bed.sh('/etc/cron.weekly/openclaw-soul-check').code, 0);
  });
});
