/**
 * Where everything lies on a deployed host. `reference` is the document's file map to the letter; `hardened` keeps its names
 * but takes program, configuration and identity out of the service's hands.
 */
import type { HostSettings } from './settings/schema.ts';
import type { Profile } from './engine/layer.ts';

export interface Layout {
  profile: Profile;
  /** 1 for the document's single gateway. */
  instance: number;
  user: string;
  home: string;
  /** The service's login shell. */
  shell: string;
  port: number;
  /** Without `.service`. */
  unit: string;
  /** Holds `openclaw.json` and SOUL.md. */
  configDir: string;
  configFile: string;
  soulFile: string;
  /** What the gateway writes: database, media, credentials of logins. */
  stateDir: string;
  credentialsDir: string;
  envFile: string;
  /** What sandboxes see. */
  workspace: string;
  /** `openclaw` as the document calls it. */
  documentBinary: string;
  soulBaseline: string;
}

/** Root-owned scripts that units start. */
export const scriptFolder = '/usr/local/libexec/openclaw';
/** Root-owned; `current` points at the release that runs. */
export const programRoot = '/opt/openclaw';
export const currentRelease = `${programRoot}/current`;
export const commandPath = '/usr/local/bin/openclaw';
export const firewallUnit = 'openclaw-firewall';
export const brokerUser = 'openclaw-sandboxd';
export const brokerUnit = 'openclaw-sandboxd';
export const brokerSocket = '/run/openclaw-sandboxd/sandbox.sock';
/** May connect to the broker. */
export const sandboxGroup = 'openclaw-sandbox';
export const hostConfigFile = '/etc/openclaw/host.json5';
export const FIRST_PORT = 18789;
/** The document's step of 1 collides with ports that clients derive; 20 leaves room. */
export const PORT_STEP = 20;

export function layoutOf(settings: HostSettings, instance = 1): Layout {
  const suffix = instance === 1 ? '' : `-${instance}`;
  const user = `${settings.serviceUser}${suffix}`;
  const home = `/home/${user}`;
  const shared = {
    profile: settings.profile,
    instance,
    user,
    home,
    port: FIRST_PORT + PORT_STEP * (instance - 1),
    unit: `openclaw${suffix}`,
    documentBinary: `${home}/.npm-global/bin/openclaw`,
    soulBaseline: `/var/lib/openclaw-soul-baseline${suffix}.sha256`,
  };
  return settings.profile === 'reference' ? { ...shared, ...referencePaths(home) } : { ...shared, ...hardenedPaths(suffix) };
}

type Places = Pick<
  Layout,
  'shell' | 'configDir' | 'configFile' | 'soulFile' | 'stateDir' | 'credentialsDir' | 'envFile' | 'workspace'
>;

function referencePaths(home: string): Places {
  const directory = `${home}/.openclaw`;
  return {
    shell: '/bin/bash',
    configDir: directory,
    configFile: `${directory}/openclaw.json`,
    soulFile: `${directory}/SOUL.md`,
    stateDir: directory,
    credentialsDir: `${directory}/credentials`,
    envFile: `${directory}/.env`,
    workspace: `${directory}/workspace`,
  };
}

function hardenedPaths(suffix: string): Places {
  const configDir = `/etc/openclaw${suffix}`;
  const stateDir = `/var/lib/openclaw${suffix}`;
  return {
    shell: '/usr/sbin/nologin',
    configDir,
    configFile: `${configDir}/openclaw.json`,
    soulFile: `${configDir}/SOUL.md`,
    stateDir,
    credentialsDir: `${stateDir}/credentials`,
    envFile: `${configDir}/openclaw.env`,
    workspace: `/var/lib/openclaw-workspaces/${suffix === '' ? 'main' : suffix.slice(1)}`,
  };
}

export function layoutsOf(settings: HostSettings): Layout[] {
  return Array.from({ length: settings.instances }, (_, index) => layoutOf(settings, index + 1));
}
