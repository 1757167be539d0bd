/**
 * What checks see of an installation: everything outside the files is asked through here, so that a test can stand in for it.
 * Whoever makes it must never open a port or write anything; only a check's own mending writes.
 */
import type { LoadedConfig } from '../config/load.ts';
import type { Locations } from '../config/locations.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import type { Clock } from '../domain/clock.ts';
import type { AppError } from '../domain/errors.ts';
import type { SandboxBackendStatus } from '../domain/sandbox.ts';
import type { ChannelAccountSettings } from '../domain/settings.ts';
import type { Listener } from './listeners.ts';

export interface ConfigFacts {
  /** Undefined where it does not load: `error` says why. */
  loaded?: LoadedConfig;
  resolved?: ResolvedConfig;
  error?: AppError;
  /** What the file and the environment say, as far as it can be read; undefined where the file is no JSON5. */
  said: Readonly<Record<string, unknown>> | undefined;
}

/** One sandbox as the engine has it. */
export interface ContainerFacts {
  name: string;
  running: boolean;
  network: string;
  capAdd: readonly string[];
  capDrop: readonly string[];
  privileged: boolean;
  readOnlyRoot: boolean;
  memoryBytes: number;
  processes: number;
  noNewPrivileges: boolean;
  /** Host paths that are mounted. */
  binds: readonly string[];
}

export interface HostFacts {
  /** `openclaw host apply` was run here. */
  applied: boolean;
  /** What the last verification found, one sentence each; undefined when there was none. */
  findings?: readonly string[];
}

/** What the port answered; undefined where nothing listens. */
export type PortAnswer = number | undefined;

export interface CheckEdges {
  locations: Locations;
  databaseFile: string;
  logFile: string;
  /** `process.versions.node`. */
  nodeVersion: string;
  clock: Clock;
  config: ConfigFacts;
  /** Bytes free for this user at a path; rejects where the path is not there. */
  freeBytes(path: string): Promise<number>;
  listeners(): Promise<readonly Listener[]>;
  gatewayRuns(): Promise<boolean>;
  /** A request to the gateway's port without a token: the status of the answer. */
  askPort(path: string, headers: Readonly<Record<string, string>>): Promise<PortAnswer>;
  /** Asks the platform with the account's credentials; remarks of the platform on the bot. Rejects with AppError. */
  probeChannel(account: ChannelAccountSettings, signal: AbortSignal): Promise<readonly string[]>;
  /** The models of the default agent with what keeps each from being used. */
  models(): Promise<readonly { model: string; problem?: string }[]>;
  /** One call of one token. Rejects with AppError. */
  askModel(signal: AbortSignal): Promise<void>;
  probeSandbox(): Promise<SandboxBackendStatus>;
  /** Rejects with AppError where no engine answers. */
  containers(): Promise<readonly ContainerFacts[]>;
  /** Removes leftovers of earlier runs; their names. */
  sweep(): Promise<readonly string[]>;
  /** Problems of the database; undefined where there is none yet. `deep` reads all of it. */
  checkDatabase(deep: boolean): Promise<readonly string[] | undefined>;
  host(): Promise<HostFacts>;
}
