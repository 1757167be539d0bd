/**
 * The DOCKER-USER chain, as text that is loaded in one piece. Docker's own rules would let the world into published ports and containers
 * out to anywhere; this chain comes before them. Under Docker's nftables backend the chain does not exist: a table of our own says the same.
 */
import type { HostSettings } from '../settings/schema.ts';
import { portOf, TAILNET } from './policy.ts';

/** Interfaces of containers: the default bridge and those of networks of one's own. */
const BRIDGES = ['docker0', 'br-+'] as const;

/** Rules in iptables-save's own spelling, so that they can be compared with what the kernel lists. */
export function dockerUserRules(settings: HostSettings): string[] {
  return [
    '-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
    `-i ${TAILNET} -j RETURN`,
    '-i lo -j RETURN',
    ...(settings.egress.policy === 'allowlist' ? allowedEgress(settings) : BRIDGES.map((bridge) => `-i ${bridge} -j RETURN`)),
    '-m comment --comment "openclaw: default drop" -j DROP',
  ].map((rule) => `-A DOCKER-USER ${rule}`);
}

/** Between containers of one host, and out to what the host itself may reach. */
function allowedEgress(settings: HostSettings): string[] {
  const ports = ['443/tcp', '53/tcp', '53/udp', ...settings.egress.ports].map(portOf);
  return BRIDGES.flatMap((bridge) => [
    ...BRIDGES.map((other) => `-i ${bridge} -o ${other} -j RETURN`),
    ...ports.map(({ protocol, toPort }) => `-i ${bridge} -p ${protocol} -m ${protocol} --dport ${toPort} -j RETURN`),
  ]);
}

/** For `iptables-restore --noflush`: the chain is emptied and filled in one step, everything else stays. */
export function restoreFile(settings: HostSettings): string {
  return ['*filter', ':DOCKER-USER - [0:0]', ...dockerUserRules(settings), 'COMMIT', ''].join('\n');
}

const NFT_TABLE = 'inet openclaw_forward';

/** The same for the nftables backend: a chain before Docker's, which drops; what it accepts Docker still looks at. */
export function nftFile(settings: HostSettings): string {
  const bridges = '{ "docker0", "br-*" }';
  const egress =
    settings.egress.policy === 'allowlist'
      ? [
          ...['docker0', 'br-*'].flatMap((one) =>
            ['docker0', 'br-*'].map((other) => `iifname "${one}" oifname "${other}" accept`),
          ),
          ...['443/tcp', '53/tcp', '53/udp', ...settings.egress.ports].map((text) => {
            const { protocol, toPort } = portOf(text);
            return `iifname ${bridges} ${protocol} dport ${toPort} accept`;
          }),
        ]
      : [`iifname ${bridges} accept`];
  const rules = ['ct state established,related accept', `iifname "${TAILNET}" accept`, 'iifname "lo" accept', ...egress];
  return [
    `table ${NFT_TABLE}`,
    `delete table ${NFT_TABLE}`,
    `table ${NFT_TABLE} {`,
    '  chain forward {',
    '    type filter hook forward priority filter - 10; policy drop;',
    ...rules.map((rule) => `    ${rule}`),
    '  }',
    '}',
    '',
  ].join('\n');
}

/** Loads both families and sees to it that FORWARD asks the chain first, whether Docker runs yet or not. */
export function loadScript(folder: string, backend: 'iptables' | 'nftables'): string {
  if (backend === 'nftables') return ['#!/bin/sh', 'set -eu', `exec nft -f ${folder}/docker-user.nft`, ''].join('\n');
  return [
    '#!/bin/sh',
    '# Loads the DOCKER-USER chain of both families. Safe to run at any time and any number of times.',
    'set -eu',
    'for family in iptables ip6tables; do',
    `  "$family-restore" --wait 10 --noflush <"${folder}/docker-user.$family"`,
    '  "$family" --wait 10 -C FORWARD -j DOCKER-USER 2>/dev/null || "$family" --wait 10 -I FORWARD 1 -j DOCKER-USER',
    'done',
    '',
  ].join('\n');
}
