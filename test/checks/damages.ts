/** For each check what breaks exactly it, and whether it promises to mend that. */
import { chmodSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../src/domain/errors.ts';
import { closedContainer, type Place } from './place.ts';

export interface Damage {
  id: string;
  /** Found with it because the gateway would not start either. */
  also?: readonly string[];
  /** What the check promises. */
  mends?: 'unasked' | 'with a yes';
  report?: 'doctor' | 'audit';
  break: (at: Place) => void;
}

const INVALID = ['config.valid'];
/** On every installation of the document: remarks. */
export const remarks = ['config.secrets.literal'];

function mode(id: string, bits: number, path: (at: Place) => string, also?: readonly string[]): Damage {
  return { id, mends: 'unasked', break: (at) => chmodSync(path(at), bits), ...(also && { also }) };
}

function setting(id: string, from: string | RegExp, to: string, also?: readonly string[]): Damage {
  return { id, mends: 'unasked', break: (at) => at.change(from, to), ...(also && { also }) };
}

function surroundings(id: string, instead: Place['instead'], report: 'doctor' | 'audit' = 'audit'): Damage {
  return { id, report, break: (at) => void Object.assign(at.instead, instead) };
}

function sandbox(id: string, broken: Partial<typeof closedContainer> | { capAdd: string[] }): Damage {
  return surroundings(id, { containers: async () => [{ ...closedContainer, ...broken }] });
}

const refusing = (): Promise<never> => Promise.reject(new AppError('denied', 'refused'));
const answering = (path: string, header?: string): Place['instead'] => ({
  askPort: async (asked, headers) => (asked === path && Object.keys(headers)[0] === header ? 200 : 403),
});
const state = (at: Place): string => at.stateDir;
const config = (at: Place): string => at.locations.configPath;
const credentials = (at: Place): string => at.locations.credentialsDir;
const token = (at: Place): string => join(credentials(at), 'gateway.token');

function link(path: string): void {
  renameSync(path, `${path}-moved`);
  symlinkSync(`${path}-moved`, path);
}

export const damages: readonly Damage[] = [
  { id: 'fs.state_dir.symlink', break: (at) => link(at.stateDir) },
  // The configuration in a directory that everybody may write is not read at all.
  mode('fs.state_dir.perms_world_writable', 0o777, state, INVALID),
  mode('fs.state_dir.perms_group_writable', 0o770, state),
  mode('fs.state_dir.perms_readable', 0o755, state),
  {
    id: 'fs.config.symlink',
    break: (at) => {
      renameSync(config(at), join(at.stateDir, 'elsewhere'));
      symlinkSync(join(at.stateDir, 'elsewhere'), config(at));
    },
  },
  mode('fs.config.perms_writable', 0o660, config, INVALID),
  mode('fs.config.perms_world_readable', 0o644, config),
  mode('fs.config.perms_group_readable', 0o640, config),
  mode('fs.credentials_dir.perms_writable', 0o720, credentials),
  mode('fs.credentials_dir.perms_readable', 0o750, credentials),
  mode('fs.auth_profiles.perms_writable', 0o620, token),
  mode('fs.auth_profiles.perms_readable', 0o640, token),
  mode('fs.dotenv.perms', 0o644, (at) => at.locations.dotEnvPath),
  mode('fs.sessions_store.perms_readable', 0o644, (at) => at.databaseFile),
  mode('fs.log_file.perms_readable', 0o640, (at) => at.logFile),
  { id: 'fs.config.copies', break: (at) => writeFileSync(`${config(at)}.bak`, '{}', { mode: 0o600 }) },
  { id: 'config.valid', break: (at) => at.change('"scope": "session"', '"scop": "session"') },
  setting('gateway.bind', '"bind": "loopback"', '"bind": "lan"', INVALID),
  setting('gateway.loopback_no_auth', '"auth": {"mode": "token"', '"auth": {"mode": "none"', INVALID),
  setting('gateway.control_ui.insecure_auth', '"allowInsecureAuth": false', '"allowInsecureAuth": true', INVALID),
  setting('gateway.tailscale_funnel', '"tailscale": {"mode": "off"', '"tailscale": {"mode": "funnel"', INVALID),
  setting('gateway.tailscale_serve', '"tailscale": {"mode": "off"', '"tailscale": {"mode": "serve"', INVALID),
  setting('logging.redact_off', '"redactSensitive": "tools"', '"redactSensitive": "off"', INVALID),
  setting('discovery.mdns', '"mdns": {"mode": "off"}', '"mdns": {"mode": "full"}', INVALID),
  setting('tools.elevated.enabled', '"elevated": {"enabled": false}', '"elevated": {"enabled": true}', INVALID),
  setting('tools.elevated.allowFrom.wildcard', '"elevated": {', '"elevated": {"allowFrom": {"telegram": ["*"]}, ', INVALID),
  setting('sandbox.mode_off', '"mode": "all"', '"mode": "off"'),
  setting('sandbox.mode_non_main', '"mode": "all"', '"mode": "non-main"'),
  setting('sandbox.scope_shared', '"scope": "session"', '"scope": "shared"'),
  setting('sandbox.workspace_writable', '"workspaceAccess": "ro"', '"workspaceAccess": "rw"'),
  setting('sandbox.network', '"network": "none"', '"network": "bridge"', INVALID),
  setting('sandbox.root_writable', '"readOnlyRoot": true', '"readOnlyRoot": false'),
  setting('channels.telegram.dm.open', '"dmPolicy": "pairing"', '"dmPolicy": "open", "allowFrom": ["*"]'),
  setting('channels.telegram.dm.open_invalid', '"dmPolicy": "pairing"', '"dmPolicy": "open"', INVALID),
  { ...setting('channels.telegram.dm.disabled', '"dmPolicy": "pairing"', '"dmPolicy": "disabled"'), mends: undefined as never },
  setting('channels.telegram.groups.open', '"groupPolicy": "disabled"', '"groupPolicy": "open"'),
  setting('channels.telegram.groups.allowFrom.wildcard', '"groupPolicy"', '"groupAllowFrom": ["*"], "groupPolicy"'),
  {
    id: 'channels.telegram.allowFrom.mutable_names',
    also: INVALID,
    break: (at) => at.change('"dmPolicy"', '"allowFrom": ["@somebody"], "dmPolicy"'),
  },
  setting('channels.telegram.config_writes', '"configWrites": false', '"configWrites": true', INVALID),
  {
    id: 'channels.telegram.dm.scope_main_multiuser',
    mends: 'unasked',
    break(at) {
      at.change('"dmPolicy"', '"allowFrom": [5, 6], "dmPolicy"');
      at.change('"discovery"', '"session": {"dmScope": "main"}, "discovery"');
    },
  },
  {
    id: 'gateway.token_too_short',
    mends: 'with a yes',
    break: (at) => at.change(/"token": "[0-9a-f]{48}"/g, '"token": "short-token"'),
  },
  surroundings('gateway.listeners', { listeners: async () => [{ address: '0.0.0.0', port: 18789 }] }),
  surroundings('docker.tcp_api', { listeners: async () => [{ address: '127.0.0.1', port: 2375 }] }),
  surroundings('gateway.answers_without_token', answering('/rpc/status')),
  surroundings('gateway.answers_foreign_host', answering('/healthz', 'host')),
  surroundings('gateway.answers_foreign_origin', answering('/healthz', 'origin')),
  surroundings('channels.reads_all_group_messages', { probeChannel: async () => ['it reads every message'] }),
  sandbox('sandbox.running.network', { network: 'bridge' }),
  sandbox('sandbox.running.capabilities', { capAdd: ['NET_ADMIN'] }),
  sandbox('sandbox.running.privileges', { noNewPrivileges: false }),
  sandbox('sandbox.running.root', { readOnlyRoot: false }),
  sandbox('sandbox.running.limits', { memoryBytes: 0 }),
  sandbox('sandbox.running.mounts', { binds: ['/var/run/docker.sock'] }),
  surroundings('host.layers', { host: async () => ({ applied: false }) }),
  surroundings('runtime.node', { nodeVersion: '20.11.0' }, 'doctor'),
  { id: 'channels.configured', report: 'doctor', break: (at) => at.change(/"botToken": "[^"]+", /, '') },
  surroundings('channels.token_valid', { probeChannel: refusing }, 'doctor'),
  surroundings('models.key', { models: async () => [{ model: 'provider/model', problem: 'no key' }] }, 'doctor'),
  surroundings('models.answers', { askModel: refusing }, 'doctor'),
  surroundings('sandbox.engine', { probeSandbox: async () => ({ ready: false, detail: 'no engine' }) }, 'doctor'),
  {
    ...surroundings('sandbox.leftovers', { gatewayRuns: async () => false }, 'doctor'),
    mends: 'with a yes',
    break: (at) =>
      void Object.assign(at.instead, {
        gatewayRuns: async () => false,
        sweep: async () => {
          at.instead.containers = async () => [];
          return [closedContainer.name];
        },
      }),
  },
  surroundings('database.whole', { checkDatabase: async (deep) => (deep ? [] : ['page 3 is damaged']) }, 'doctor'),
  surroundings('database.consistent', { checkDatabase: async (deep) => (deep ? ['a counter differs'] : []) }, 'doctor'),
  surroundings('host.disk', { freeBytes: async () => 1_000_000 }, 'doctor'),
  { id: 'host.clock', report: 'doctor', break: (at) => utimesSync(at.databaseFile, 2e9, 2e9) },
];
