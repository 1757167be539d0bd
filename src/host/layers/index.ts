/**
 * The twelve layers in the order in which they are made: the firewall before Docker, Docker before the accounts that need its group,
 * the services when everything that guards them stands.
 */
import type { Layer } from '../engine/layer.ts';
import { accounts } from './accounts.ts';
import { backup } from './backup.ts';
import { docker } from './docker.ts';
import { dockerUser } from './docker-user.ts';
import { identity } from './identity.ts';
import { jobs } from './jobs.ts';
import { loopback } from './loopback.ts';
import { os } from './os.ts';
import { program } from './program.ts';
import { systemd } from './systemd.ts';
import { tailscale } from './tailscale.ts';
import { ufw } from './ufw.ts';

export const layers: readonly Layer[] = [
  ufw,
  dockerUser,
  docker,
  accounts,
  program,
  tailscale,
  os,
  loopback,
  identity,
  systemd,
  jobs,
  backup,
];

/** The rows of the document's 7.2. */
export const documentRows: readonly string[] = [
  'Network perimeter',
  'Admin access',
  'Firewall (UFW)',
  'Firewall (DOCKER-USER)',
  'Loopback binding',
  'OS hardening',
  'Process isolation',
  'Least privilege',
  'Gateway authentication',
  'Channel policy',
  'Agent boundaries',
  'Sandbox isolation',
];
