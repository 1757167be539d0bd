/**
 * Puts the house together: the only file that knows every concrete part. What can wait loads when it is first used;
 * the polls start before that.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createChannels } from './app/channels.ts';
import type { LoadedEngine } from './app/engine.ts';
import { ensureGatewayToken } from './app/gateway-token.ts';
import { createSettings, type Settings } from './app/live-settings.ts';
import { once } from './app/once.ts';
import { openPort } from './app/port.ts';
import type { LoadedConfig } from './config/load.ts';
import { resolveConfig } from './config/resolve.ts';
import { configModel } from './config/model.ts';
import type { ControlServer } from './control/server.ts';
import type { Channel } from './domain/channel.ts';
import { systemClock } from './domain/clock.ts';
import type { Log } from './domain/log.ts';
import type { Secret } from './domain/secret.ts';
import type { Store } from './domain/store.ts';
import { createGateway, type Gateway } from './gateway/gateway.ts';
import { acquireInstanceLock, openStore } from './store/index.ts';
import { version } from './version.ts';

export interface AppOptions {
  loaded: LoadedConfig;
  log: Log;
  /** Instead of the configured ones. */
  channels?: readonly Channel[];
  /** A channel came to its end by itself. */
  channelFinished?: (channel: Channel) => void;
  /** False: the loopback port stays closed. */
  port: boolean;
}

export interface App {
  readonly gateway: Gateway;
  readonly store: Store;
  readonly settings: Settings;
  /** Of the loopback port; undefined where it stays closed. */
  readonly port: number | undefined;
  /** Models, tools and sandboxes; loads them when nothing has yet. */
  engine(): Promise<LoadedEngine>;
  /** A new configuration takes the place of the old one; returns what needs a restart. */
  reload(next: LoadedConfig): Promise<string[]>;
  /** Within about ten seconds. What has not ended goes on after the next start. */
  stop(): Promise<void>;
}

/** Of the ten seconds that a stop may take. */
const STOP_GRACE_MS = 7_000;

/**
 * Rejects with AppError: `conflict` (another gateway on this state directory or port), `denied` and `unavailable` (the state's place).
 * When it rejects, nothing is left running.
 */
export async function startApp(options: AppOptions): Promise<App> {
  const { loaded } = options;
  const { stateDir } = loaded.locations;
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const lock = acquireInstanceLock(stateDir);
  try {
    const store = await openStore({ path: databaseFile(stateDir), clock: systemClock, log: options.log });
    return await startOn(store, options, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

export function databaseFile(stateDir: string): string {
  return join(stateDir, 'state', 'openclaw.sqlite');
}

async function startOn(store: Store, options: AppOptions, release: () => void): Promise<App> {
  const { loaded, log } = options;
  const { stateDir, credentialsDir } = loaded.locations;
  const state = { loaded, stopping: false };
  const settings = createSettings(resolveConfig(configModel(), loaded));
  let engine: Promise<LoadedEngine> | undefined;
  const ownToken = once(() => ensureGatewayToken(credentialsDir));
  const token = (): Secret => settings.gateway().token ?? ownToken();
  const loadOnce = (): Promise<LoadedEngine> =>
    (engine ??= import('./app/engine.ts').then(({ loadEngine }) =>
      loadEngine({ settings, environment: () => state.loaded.env, stateDir, log }),
    ));
  // Made before the port opens, so that the command line finds it.
  if (options.port) token();
  const edges = { clock: systemClock, log };
  const gateway = createGateway({
    store,
    channels: options.channels ?? (await createChannels(settings.current().channels, edges)),
    settings,
    loadEngine: loadOnce,
    mediaDir: join(stateDir, 'media'),
    artifactsDir: join(stateDir, 'artifacts'),
    blackBoxFile: join(stateDir, 'state', 'black-box'),
    version,
    ...(options.channelFinished && { channelFinished: options.channelFinished }),
    ...edges,
  });
  const parts = { gateway, store, settings, engine: loadOnce };
  const control = options.port ? await openPort({ ...parts, token, healthy: () => !state.stopping, ...edges }) : undefined;
  await gateway.start();
  return {
    gateway,
    store,
    settings,
    port: control?.port,
    engine: loadOnce,
    reload: async (next) => {
      const { reload } = await import('./app/reload.ts');
      return reload({ before: state.loaded, next, gateway, settings, edges, taken: () => void (state.loaded = next) });
    },
    async stop() {
      state.stopping = true;
      await stopAll({ gateway, control, engine, store });
      release();
    },
  };
}

async function stopAll(parts: {
  gateway: Gateway;
  control: ControlServer | undefined;
  engine: Promise<LoadedEngine> | undefined;
  store: Store;
}): Promise<void> {
  await parts.gateway.stop({ graceMs: STOP_GRACE_MS });
  await parts.control?.close();
  await parts.engine?.then(
    (engine) => engine.close(),
    () => {},
  );
  await parts.store.close();
}
