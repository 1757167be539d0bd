/**
 * The only reader of `process.env`. Everyone else is handed the few names that they need.
 * Must never be passed whole to a child process or a log: it holds secrets.
 */
import { AppError } from '../domain/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process as it is now. */
export function processEnvironment(): Environment {
  return process.env;
}

/** What systemd tells a service. */
export interface ServiceEnvironment {
  NOTIFY_SOCKET: string | undefined;
  WATCHDOG_USEC: string | undefined;
  /** Set when standard error goes to the journal. */
  JOURNAL_STREAM: string | undefined;
  /** Of the service alone, kept between its starts. */
  CACHE_DIRECTORY: string | undefined;
  PATH: string | undefined;
}

export function serviceEnvironment(env: Environment = processEnvironment()): ServiceEnvironment {
  return {
    NOTIFY_SOCKET: env.NOTIFY_SOCKET,
    WATCHDOG_USEC: env.WATCHDOG_USEC,
    JOURNAL_STREAM: env.JOURNAL_STREAM,
    CACHE_DIRECTORY: env.CACHE_DIRECTORY,
    PATH: env.PATH,
  };
}

/** What a program that we start may see: where programs and its home are, and the language. No secrets. */
export function childEnvironment(env: Environment = processEnvironment()): Record<string, string> {
  const allowed = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'XDG_RUNTIME_DIR'];
  return Object.fromEntries(allowed.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/** The Docker engine that the environment names, as its command line does; undefined for the usual socket. */
export function dockerHost(env: Environment = processEnvironment()): string | undefined {
  return env.DOCKER_HOST || undefined;
}

export function homeOf(env: Environment): string {
  const home = env.OPENCLAW_HOME || env.HOME;
  if (home) return home;
  throw new AppError('invalid', 'there is no home directory: HOME is not set', {
    hint: 'Set HOME, or OPENCLAW_STATE_DIR to the directory that holds the configuration and the state.',
  });
}
