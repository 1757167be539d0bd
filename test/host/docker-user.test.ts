/** The forwarding rules as text: for iptables, and for Docker's nftables backend, which cannot be run here. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dockerUserRules, nftFile, restoreFile } from '../../src/host/firewall/docker-user.ts';
import { firewallBackend } from '../../src/host/layers/docker-user.ts';
import { hostSchema } from '../../src/host/settings/schema.ts';
import { bareDebian } from './fake/host.ts';

const permissive = hostSchema.parse({});
const allowlist = hostSchema.parse({ egress: { policy: 'allowlist', ports: ['22/tcp'] } });

test('the last rule drops, and what returns before it is named', () => {
  const rules = dockerUserRules(permissive);
  assert.match(rules.at(-1) ?? '', /-j DROP$/);
  assert.deepEqual(
    rules.slice(0, -1).map((rule) => rule.replace('-A DOCKER-USER ', '')),
    [
      '-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
      '-i tailscale0 -j RETURN',
      '-i lo -j RETURN',
      '-i docker0 -j RETURN',
      '-i br-+ -j RETURN',
    ],
  );
});

test('one piece: the chain is emptied and filled in the same transaction', () => {
  const text = restoreFile(permissive);
  assert.ok(text.startsWith('*filter\n:DOCKER-USER - [0:0]\n'));
  assert.ok(text.endsWith('COMMIT\n'));
});

test('with an egress allowlist containers reach no more than the host', () => {
  const rules = dockerUserRules(allowlist);
  assert.ok(!rules.some((rule) => rule.endsWith('-i docker0 -j RETURN')));
  assert.ok(rules.some((rule) => rule.endsWith('-i docker0 -p tcp -m tcp --dport 443 -j RETURN')));
  assert.ok(rules.some((rule) => rule.endsWith('-i br-+ -p tcp -m tcp --dport 22 -j RETURN')));
});

test('Docker’s nftables backend is seen, and gets a table of its own that drops', async () => {
  assert.equal(await firewallBackend(bareDebian()), 'iptables');
  assert.equal(await firewallBackend(bareDebian({ '/etc/docker/daemon.json': '{"firewall-backend": "nftables"}' })), 'nftables');
  const text = nftFile(allowlist);
  assert.match(text, /hook forward priority filter - 10; policy drop;/);
  assert.match(text, /tcp dport 443 accept/);
  assert.doesNotMatch(text, /iifname \{ "docker0", "br-\*" \} accept/);
});
