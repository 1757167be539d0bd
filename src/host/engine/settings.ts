/** What a person decides about the host (`host.json5`), and what is found out about it. */
import type { Profile } from './layer.ts';

export interface HostSettings {
  profile: Profile;
  /** The human administrator, where one is named. */
  adminUser: string | undefined;
  /** The service account, `openclaw-svc`. */
  serviceUser: string;
  /** `1` is the document's single gateway; instance n listens on 18789 + 20 · (n − 1). */
  instances: number;
  egress: 'permissive' | 'allowlist';
  firewall: { keep: readonly string[] };
  tailnetTag: string;
  /** What must be observable: then `unobserved` counts as a finding. */
  require: readonly string[];
  backup: { target: string | undefined; recipient: string | undefined };
}

export interface HostFacts {
  distribution: { id: string; version: string; codename: string; prettyName: string };
  /** systemd's major version; undefined where it does not run. */
  systemd: number | undefined;
  architecture: string;
}
