/**
 * What a command works with: where this installation lies, its configuration, its store, the gateway that may run on it.
 * Everything is made when it is first asked for, and closed by the runner.
 */
import { join } from 'node:path';
import { systemClock } from '../domain/clock.ts';
import { isAppError } from '../domain/errors.ts';
import { silentLog } from '../domain/log.ts';
import type { Store } from '../domain/store.ts';
import { processEnvironment } from '../config/environment.ts';
import type { LoadedConfig } from '../config/load.ts';
import { locate, type Locations } from '../config/locations.ts';
import type { ControlClient } from '../control/client.ts';
import type { GlobalOptions } from './global-options.ts';
import type { Output } from './output.ts';

export interface Paths extends Locations {
  databaseFile: string;
  logFile: string;
}

export interface CliContext {
  readonly options: GlobalOptions;
  readonly out: Output;
  paths(): Paths;
  /** As it is, for looking at: what is missing or unsafe is a note, not an error. Secrets are followed only for the gateway's token. */
  config(): Promise<LoadedConfig>;
  /** The database of this installation; the gateway may have it open too. */
  store(): Promise<Store>;
  gateway(): Promise<ControlClient>;
  /** Asks the running gateway; does it itself where none runs. */
  gatewayOr<T>(ask: (gateway: ControlClient) => Promise<unknown>, itself: () => Promise<T>): Promise<unknown>;
  close(): Promise<void>;
}

/** A value that is made at most once. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

export function createContext(options: GlobalOptions, out: Output): CliContext {
  let opened: Promise<Store> | undefined;
  const paths = once((): Paths => {
    const locations = locate({ profile: options.profile, dev: options.dev }, processEnvironment());
    return { ...locations, ...filesOf(locations.stateDir) };
  });
  const config = once(() => lookAtConfig(paths()));
  const store = once(() => (opened = openStoreAt(paths().databaseFile)));
  const gateway = once(() => clientFor(config()));
  return {
    options,
    out,
    paths,
    config,
    store,
    gateway,
    async gatewayOr(ask, itself) {
      const client = await gateway();
      if (!(await client.isHealthy())) return itself();
      return ask(client);
    },
    async close() {
      if (opened) await opened.then((one) => one.close(), ignoreExpected);
    },
  };
}

export function filesOf(stateDir: string): { databaseFile: string; logFile: string } {
  return { databaseFile: join(stateDir, 'state', 'openclaw.sqlite'), logFile: join(stateDir, 'logs', 'gateway.log') };
}

/** The command has told the person already. */
function ignoreExpected(error: unknown): void {
  if (!isAppError(error)) throw error;
}

async function lookAtConfig(locations: Locations): Promise<LoadedConfig> {
  const { loadConfig, below } = await import('../config/load.ts');
  const { configModel } = await import('../config/model.ts');
  return loadConfig(configModel(), { locations, purpose: 'look', follow: below(['gateway']) });
}

async function openStoreAt(path: string): Promise<Store> {
  const { openStore } = await import('../store/index.ts');
  return openStore({ path, clock: systemClock, log: silentLog });
}

async function clientFor(loading: Promise<LoadedConfig>): Promise<ControlClient> {
  const { createControlClient } = await import('../control/client.ts');
  const { readGatewayToken } = await import('../app/gateway-token.ts');
  const { config, locations } = await loading;
  const { gateway } = config;
  const token = gateway.remote.token ?? gateway.auth.token ?? readGatewayToken(locations.credentialsDir);
  return createControlClient({ port: gateway.port ?? locations.defaultPort, token });
}
