/** Where the configuration and the state of one installation lie. Pure: nothing is read or made here. */
import { dirname, join, resolve } from 'node:path';
import { AppError } from '../domain/errors.ts';
import { homeOf, type Environment } from './environment.ts';

/** Of the command line; they win over the environment. */
interface LocationFlags {
  /** State in `~/.openclaw-NAME`. */
  profile?: string | undefined;
  /** Short for the profile `dev`, on port 19001. */
  dev?: boolean | undefined;
}

/** All absolute. */
export interface Locations {
  configPath: string;
  /** Everything that the gateway writes. */
  stateDir: string;
  /** Mode 0700: secrets that do not stand in the configuration. */
  credentialsDir: string;
  /** Environment overrides; read from here and nowhere else. */
  dotEnvPath: string;
  /** Where `~/` in the configuration leads. */
  homeDir: string;
  /** The port when nothing else names one. */
  defaultPort: number;
}

export const DEFAULT_PORT = 18789;
const DEV_PORT = 19001;

export function locate(flags: LocationFlags, env: Environment): Locations {
  const profile = flags.dev ? 'dev' : flags.profile;
  if (profile !== undefined && !/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(profile)) {
    throw new AppError('invalid', `"${profile}" is no profile name`, {
      hint: 'A profile is named with letters, digits, - and _.',
    });
  }
  const stateDir = stateDirOf(profile, env);
  const configPath = profile === undefined && env.OPENCLAW_CONFIG_PATH ? expand(env.OPENCLAW_CONFIG_PATH, env) : undefined;
  return {
    configPath: configPath ?? join(stateDir, 'openclaw.json'),
    stateDir,
    credentialsDir: join(stateDir, 'credentials'),
    dotEnvPath: join(stateDir, '.env'),
    homeDir: env.OPENCLAW_HOME || env.HOME || dirname(stateDir),
    defaultPort: flags.dev ? DEV_PORT : DEFAULT_PORT,
  };
}

function stateDirOf(profile: string | undefined, env: Environment): string {
  if (profile !== undefined) return join(resolve(homeOf(env)), profile === 'default' ? '.openclaw' : `.openclaw-${profile}`);
  if (env.OPENCLAW_STATE_DIR) return expand(env.OPENCLAW_STATE_DIR, env);
  return join(resolve(homeOf(env)), '.openclaw');
}

function expand(path: string, env: Environment): string {
  return resolve(expandHome(path, () => homeOf(env)));
}

/** `~` and `~/…` lead home; everything else stays as it is. */
export function expandHome(path: string, home: () => string): string {
  return path === '~' || path.startsWith('~/') ? join(home(), path.slice(1)) : path;
}
