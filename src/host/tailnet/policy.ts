/**
 * The tailnet's policy: who reaches this host, and the tests with which the control plane proves it before it takes the policy.
 * Source: Tailscale's policy file syntax (grants, ssh, tests, sshTests).
 */

export interface TailnetPolicy {
  tagOwners: Record<string, string[]>;
  grants: { src: string[]; dst: string[]; ip: string[] }[];
  ssh: { action: 'check'; src: string[]; dst: string[]; users: string[]; checkPeriod: string }[];
  tests: { src: string; accept?: string[]; deny?: string[] }[];
  sshTests: { src: string; dst: string[]; check?: string[]; deny?: string[] }[];
}

const ADMINS = 'autogroup:admin';

/** Administrators only; over SSH nobody becomes root, and they prove who they are every twelve hours. */
export function tailnetPolicy(tag: string, admin: string): TailnetPolicy {
  return {
    tagOwners: { [tag]: [ADMINS] },
    grants: [{ src: [ADMINS], dst: [tag], ip: ['*'] }],
    ssh: [{ action: 'check', src: [ADMINS], dst: [tag], users: ['autogroup:nonroot'], checkPeriod: '12h' }],
    tests: [
      { src: ADMINS, accept: [`${tag}:22`, `${tag}:443`] },
      { src: tag, deny: [`${tag}:22`] },
    ],
    sshTests: [{ src: ADMINS, dst: [tag], check: [admin], deny: ['root'] }],
  };
}
