/** Which rules the firewall shall have: ours, the ones that were found at the first apply, and the ones that a person keeps. */
import type { HostSettings } from '../settings/schema.ts';
import { opensToTheWorld, renderRule, type Family, type RuleWish, type UfwRule } from './ufw-rules.ts';

export const TAILNET = 'tailscale0';
/** Tailscale sends its WireGuard packets from here; STUN, NTP. Source: Tailscale's page on firewall ports. */
const WIREGUARD_PORT = 41641;
const STUN_PORT = 3478;
const NTP_PORT = 123;

export function ourRules(settings: HostSettings): RuleWish[] {
  const kept = settings.firewall.keep.map((text): RuleWish => ({ direction: 'in', ...portOf(text) }));
  return [
    { direction: 'in', interface: TAILNET },
    ...kept,
    ...(settings.egress.policy === 'allowlist' ? egressRules(settings) : []),
  ];
}

function egressRules(settings: HostSettings): RuleWish[] {
  return [
    { direction: 'out', interface: TAILNET },
    { direction: 'out', protocol: 'tcp', toPort: 443 },
    { direction: 'out', toPort: 53 },
    { direction: 'out', protocol: 'udp', fromPort: WIREGUARD_PORT },
    { direction: 'out', protocol: 'udp', toPort: STUN_PORT },
    { direction: 'out', protocol: 'udp', toPort: NTP_PORT },
    ...settings.egress.ports.map((text): RuleWish => ({ direction: 'out', ...portOf(text) })),
  ];
}

export function portOf(text: string): { toPort: number; protocol: 'tcp' | 'udp' } {
  const [port = '', protocol = 'tcp'] = text.split('/');
  return { toPort: Number(port), protocol: protocol as 'tcp' | 'udp' };
}

/** Ours first; then found ones that open nothing to the world. */
export function wantedRules(family: Family, settings: HostSettings, found: readonly UfwRule[]): UfwRule[] {
  const ours = ourRules(settings).map((wish) => renderRule(family, wish));
  const known = new Set(ours.map(({ tuple }) => tuple));
  return [...ours, ...found.filter((rule) => !known.has(rule.tuple) && !opensToTheWorld(rule))];
}
