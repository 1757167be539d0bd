/** ufw's rule files: read, written, and what a rule opens. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wantedRules } from '../../src/host/firewall/policy.ts';
import { opensToTheWorld, parseRules, renderRule, replaceRules } from '../../src/host/firewall/ufw-rules.ts';
import { hostSchema } from '../../src/host/settings/schema.ts';

/** As ufw 0.36.2 writes it after `allow 22/tcp`, `allow from 192.168.1.0/24 to any port 9100`, `allow in on tailscale0`. */
const written = `*filter
:ufw-user-input - [0:0]
:ufw-user-limit - [0:0]
### RULES ###

### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-input -p tcp --dport 22 -j ACCEPT

### tuple ### allow any 9100 0.0.0.0/0 any 192.168.1.0/24 in
-A ufw-user-input -p tcp --dport 9100 -s 192.168.1.0/24 -j ACCEPT
-A ufw-user-input -p udp --dport 9100 -s 192.168.1.0/24 -j ACCEPT

### tuple ### allow any any 0.0.0.0/0 any 0.0.0.0/0 in_tailscale0
-A ufw-user-input -i tailscale0 -j ACCEPT

### END RULES ###

### LOGGING ###
-A ufw-after-logging-input -j LOG
### END LOGGING ###

### RATE LIMITING ###
-A ufw-user-limit -j REJECT
### END RATE LIMITING ###
COMMIT
`;

test('what ufw wrote is read, and written back as it was', () => {
  const rules = parseRules(written);
  assert.deepEqual(
    rules.map(({ tuple }) => tuple.split(' ').slice(0, 3).join(' ')),
    ['allow tcp 22', 'allow any 9100', 'allow any any'],
  );
  assert.equal(replaceRules(written, 4, rules), written);
});

test('a rule for an interface and one for a port are spelled as ufw spells them', () => {
  assert.deepEqual(renderRule(4, { direction: 'in', interface: 'tailscale0' }), parseRules(written)[2]);
  assert.deepEqual(renderRule(4, { direction: 'in', protocol: 'tcp', toPort: 22 }), parseRules(written)[0]);
  assert.deepEqual(renderRule(6, { direction: 'out', protocol: 'udp', fromPort: 41641 }), {
    tuple: 'allow udp any ::/0 41641 ::/0 out',
    lines: ['-A ufw6-user-output -p udp --sport 41641 -j ACCEPT'],
  });
});

test('rules of a person stay, those that open a port to the world go, unless they are kept', () => {
  const found = parseRules(written);
  const tuples = (keep: string[]): string[] =>
    wantedRules(4, hostSchema.parse({ firewall: { keep } }), found).map(({ tuple }) => tuple);
  assert.deepEqual(tuples([]), [
    'allow any any 0.0.0.0/0 any 0.0.0.0/0 in_tailscale0',
    'allow any 9100 0.0.0.0/0 any 192.168.1.0/24 in',
  ]);
  assert.ok(tuples(['22/tcp']).includes('allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in'));
});

for (const [tuple, open] of [
  ['allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in', true],
  ['limit tcp 22 ::/0 any ::/0 in', true],
  ['allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in_eth0', true],
  ['allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 OpenSSH - in', true],
  ['route:allow any any 0.0.0.0/0 any 0.0.0.0/0 in_eth0!out_docker0', true],
  ['allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in comment=6b65657020696e', true],
  ['allow tcp 22 0.0.0.0/0 any 10.0.0.0/8 in', false],
  ['allow any any 0.0.0.0/0 any 0.0.0.0/0 in_wg0', false],
  ['deny tcp 22 0.0.0.0/0 any 0.0.0.0/0 in', false],
  ['allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 out', false],
] as const) {
  test(`"${tuple}" ${open ? 'opens' : 'does not open'} something to the world`, () => {
    assert.equal(opensToTheWorld({ tuple, lines: [] }), open);
  });
}

test('the allowlist lets HTTPS, DNS, time, STUN and WireGuard’s own port out, and nothing else', () => {
  const lines = wantedRules(4, hostSchema.parse({ egress: { policy: 'allowlist', ports: ['22/tcp'] } }), []).flatMap(
    (rule) => rule.lines,
  );
  assert.deepEqual(
    lines.filter((line) => line.includes('user-output')),
    [
      '-A ufw-user-output -o tailscale0 -j ACCEPT',
      '-A ufw-user-output -p tcp --dport 443 -j ACCEPT',
      '-A ufw-user-output -p tcp --dport 53 -j ACCEPT',
      '-A ufw-user-output -p udp --dport 53 -j ACCEPT',
      '-A ufw-user-output -p udp --sport 41641 -j ACCEPT',
      '-A ufw-user-output -p udp --dport 3478 -j ACCEPT',
      '-A ufw-user-output -p udp --dport 123 -j ACCEPT',
      '-A ufw-user-output -p tcp --dport 22 -j ACCEPT',
    ],
  );
});
