/** `host.json5`: what a person decides about the host. Everything has a default, so an empty file works. Secrets are never in it. */
import * as z from 'zod';
import type { SettingFacts } from '../../domain/setting.ts';

const ACCOUNT = /^[a-z_][a-z0-9_-]{0,30}$/;
const PORT = /^(?:[1-9]\d{0,4})\/(?:tcp|udp)$/;
const CIDR = /^[0-9a-f.:]+(?:\/\d{1,3})?$/i;

const fact = (description: string, more: Partial<SettingFacts> = {}): SettingFacts => ({ description, ...more });

const ports = (description: string) =>
  z
    .array(
      z
        .string()
        .regex(PORT)
        .meta(fact('One port.', { expects: 'a port as 443/tcp or 123/udp' })),
    )
    .default([])
    .meta(fact(description));

const firewall = z
  .strictObject({
    keep: ports('Ports that stay open to everybody, e.g. "22/tcp". Found rules that open a port are removed otherwise.'),
    cutSsh: z.boolean().default(false).meta(fact('Close the firewall although an SSH session comes in over a public address.')),
  })
  .prefault({})
  .meta(fact('The firewall.'));

const egress = z
  .strictObject({
    policy: z
      .enum(['permissive', 'allowlist'])
      .default('permissive')
      .meta(fact('What may leave the host: everything, or HTTPS, DNS, time and Tailscale only.')),
    ports: ports('With allowlist: these may leave too.'),
    privateAddresses: z
      .array(
        z
          .string()
          .regex(CIDR)
          .meta(fact('One address.', { expects: 'an address or network, e.g. 192.168.1.20' })),
      )
      .default([])
      .meta(
        fact('Private addresses that the gateway may reach, such as a model in your own network. All others are closed to it.'),
      ),
  })
  .prefault({})
  .meta(fact('What may leave the host.'));

const backup = z
  .strictObject({
    target: z
      .string()
      .startsWith('/')
      .optional()
      .meta(fact('The directory that backups go to.', { expects: 'an absolute path', defaultText: 'none: no backups' })),
    recipient: z
      .string()
      .min(1)
      .optional()
      .meta(fact('Who can read a backup: its public key.', { defaultText: 'none' })),
  })
  .prefault({})
  .meta(fact('Backups.'));

export const requirable = ['tailscale', 'channel', 'model', 'backup', 'cgroups'] as const;

export const hostSchema = z.strictObject({
  profile: z
    .enum(['hardened', 'reference'])
    .default('hardened')
    .meta(
      fact(
        'hardened: the gateway has no access to Docker and cannot change its own rules. reference: the document to the letter.',
      ),
    ),
  adminUser: z
    .string()
    .regex(ACCOUNT)
    .optional()
    .meta(
      fact('The human administrator; in `reference` also a member of the group docker.', {
        expects: 'the name of an account',
        defaultText: 'none',
      }),
    ),
  serviceUser: z
    .string()
    .regex(ACCOUNT)
    .default('openclaw-svc')
    .meta(fact('The account that the gateway runs as.', { expects: 'the name of an account' })),
  instances: z.int().min(1).max(50).default(1).meta(fact('How many gateways; the ports are 18789, 18809, 18829 and so on.')),
  egress,
  firewall,
  tailnetTag: z
    .string()
    .regex(/^tag:[a-z][a-z0-9-]{0,60}$/i)
    .default('tag:openclaw-server')
    .meta(fact('The tag of this host in the tailnet.', { expects: 'a tag as tag:openclaw-server' })),
  require: z
    .array(z.enum(requirable).meta(fact('One thing.')))
    .default([])
    .meta(fact('What has to be observable: if it is not, that is a finding.')),
  backup,
});

export type HostSettings = z.output<typeof hostSchema>;
