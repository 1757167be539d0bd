/**
 * `${VAR}` in texts, and references to secrets: `env:NAME`, `file:/path`, `credential:NAME`, `op://vault/item/field`.
 * They are resolved when the configuration is loaded and never written back.
 */
import { join } from 'node:path';
import { AppError } from '../domain/errors.ts';
import { childEnvironment, type Environment } from './environment.ts';
import { expandHome } from './locations.ts';
import { readSafeFile } from './safe-file.ts';

/** Runs a program as file and arguments. Rejects when it cannot be started, fails, or takes longer. */
export type RunProgram = (
  file: string,
  args: readonly string[],
  options: { timeoutMs: number; maxBytes: number; env: Record<string, string> },
) => Promise<{ stdout: string }>;

export interface ReferenceEdges {
  /** Process environment and `.env` together. */
  env: Environment;
  homeDir: string;
  run: RunProgram;
}

const LARGEST_SECRET = 64 * 1024;
const OP_TIMEOUT_MS = 20_000;
const VARIABLE = /(\$?)\$\{([A-Z_][A-Z0-9_]*)\}/g;

/** Throws AppError `not_found` naming the variable. `$${VAR}` stands for the text `${VAR}` itself. */
export function expandVariables(text: string, env: Environment): string {
  return text.replace(VARIABLE, (all: string, ...[literal, name]: string[]) =>
    literal ? all.slice(1) : variable(name as string, env),
  );
}

function variable(name: string, env: Environment): string {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value) return value;
  throw new AppError('not_found', `the environment variable ${name} is not set`, {
    hint: `Set ${name}, or write it into .env in the state directory.`,
  });
}

type ReferenceKind = 'env' | 'file' | 'credential' | 'op';

/** What a secret's text refers to; undefined when it is the secret itself. */
export function referenceKind(text: string): ReferenceKind | undefined {
  return /^(env|file|credential|op):/.exec(text)?.[1] as ReferenceKind | undefined;
}

/** The secret behind a reference. Rejects with an AppError that names the reference, never the secret. */
export async function resolveReference(reference: string, edges: ReferenceEdges): Promise<string> {
  const target = reference.slice(reference.indexOf(':') + 1);
  switch (referenceKind(reference)) {
    case 'env':
      return variable(target, edges.env);
    case 'file':
      return secretFile(expandHome(target, () => edges.homeDir));
    case 'credential':
      return secretFile(credentialPath(target, edges.env));
    case 'op':
      return readOnePassword(reference, edges);
    case undefined:
      return reference;
  }
}

function secretFile(path: string): string {
  if (!path.startsWith('/')) {
    throw new AppError('invalid', `file:${path} is not an absolute path`, { hint: 'Write file:/path/to/secret.' });
  }
  const file = readSafeFile(path, { maxBytes: LARGEST_SECRET, readableByOthers: 'refuse' });
  if (!file)
    throw new AppError('not_found', `there is no file ${path}`, {
      hint: 'Make it, with mode 0600 and nothing in it but the secret.',
    });
  return file.text.replace(/\r?\n$/, '');
}

function credentialPath(name: string, env: Environment): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,100}$/.test(name)) {
    throw new AppError('invalid', `credential:${name.slice(0, 100)} is no name of a credential`, {
      hint: 'Write the name that the unit gives in LoadCredential=.',
    });
  }
  const directory = env.CREDENTIALS_DIRECTORY;
  if (!directory) {
    throw new AppError('not_found', `credential:${name} is there only in a service with LoadCredential=${name}:…`, {
      hint: 'Start it with systemctl, or use another reference.',
    });
  }
  return join(directory, name);
}

async function readOnePassword(reference: string, { run, env }: ReferenceEdges): Promise<string> {
  if (!/^op:\/\/[^/\s]+(?:\/[^/\s]+){2,3}$/.test(reference)) {
    throw new AppError('invalid', `${reference.slice(0, 100)} is no 1Password reference`, {
      hint: 'Write op://vault/item/field.',
    });
  }
  const account = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('OP_'))) as Record<string, string>;
  try {
    const { stdout } = await run('op', ['read', '--no-newline', reference], {
      timeoutMs: OP_TIMEOUT_MS,
      maxBytes: LARGEST_SECRET,
      env: { ...childEnvironment(env), ...account },
    });
    return stdout.replace(/\r?\n$/, '');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new AppError('unavailable', missing ? `${reference}: there is no program op` : `${reference}: op read failed`, {
      hint: missing ? 'Install the 1Password CLI, or use another reference.' : `Try it: op read ${JSON.stringify(reference)}`,
      cause,
    });
  }
}
