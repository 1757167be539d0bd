/**
 * The token of the loopback port where the configuration names none: made once, kept in a file that only the owner may read,
 * found there by the command line.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Secret } from '../domain/secret.ts';

const TOKEN_BYTES = 24;

export function tokenFileIn(credentialsDir: string): string {
  return join(credentialsDir, 'gateway.token');
}

export function readGatewayToken(credentialsDir: string): Secret | undefined {
  try {
    const text = readFileSync(tokenFileIn(credentialsDir), 'utf8').trim();
    return text === '' ? undefined : new Secret(text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Throws what the file system throws: without a place for the token the port must not open. */
export function ensureGatewayToken(credentialsDir: string): Secret {
  const known = readGatewayToken(credentialsDir);
  if (known) return known;
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  const path = tokenFileIn(credentialsDir);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(path, 'w', 0o600);
  try {
    writeSync(file, `${token}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return new Secret(token);
}
