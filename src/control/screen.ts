/**
 * The one place where a request to the loopback port is let in or refused, before any routing:
 * Host and Origin, then the token. Everything that is not expressly right is refused.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../domain/clock.ts';
import type { Secret } from '../domain/secret.ts';

export type Screening = { ok: true } | { ok: false; status: 401 | 403 | 429; message: string; retryAfterSeconds?: number };

/** Failures that one source may make within a minute before it is answered 429. */
const FAILURES_PER_MINUTE = 10;
const WINDOW_MS = 60_000;
/** Sources remembered at once; loopback has few. */
const MOST_SOURCES = 1_000;

export interface ScreenOptions {
  port: () => number;
  token: () => Secret | undefined;
  clock: Clock;
}

export interface Screen {
  /** Host and Origin: is the request meant for us, and not sent by a page of somebody else? */
  origin(request: IncomingMessage): Screening;
  /** The gateway's token in `Authorization: Bearer`. */
  token(request: IncomingMessage): Screening;
  /** The gateway's token, as it was given some other way; `source` is the peer's address. */
  credential(source: string, given: string): Screening;
}

export function createScreen(options: ScreenOptions): Screen {
  const failures = new Map<string, number[]>();

  /** Takes a place among the allowed failures before the token is looked at, so that parallel guesses cannot slip by. */
  function reserve(source: string): { allowed: boolean; release: () => void; retryAfterSeconds: number } {
    const now = options.clock.monotonic();
    const recent = (failures.get(source) ?? []).filter((at) => now - at < WINDOW_MS);
    const allowed = recent.length < FAILURES_PER_MINUTE;
    if (allowed) recent.push(now);
    if (failures.size >= MOST_SOURCES && !failures.has(source)) failures.clear();
    failures.set(source, recent);
    return {
      allowed,
      release: () => allowed && recent.splice(recent.indexOf(now), 1),
      retryAfterSeconds: Math.ceil((WINDOW_MS - (now - (recent[0] ?? now))) / 1_000),
    };
  }

  function credential(source: string, given: string): Screening {
    const place = reserve(source);
    if (isRightToken(given, options.token())) {
      // A right token passes also while wrong ones from the same source are being turned away:
      // on loopback every local program is the same source, and none may lock the owner out.
      place.release();
      return { ok: true };
    }
    if (place.allowed) return { ok: false, status: 401, message: 'The gateway token is missing or wrong.' };
    return { ok: false, status: 429, message: 'Too many wrong tokens.', retryAfterSeconds: place.retryAfterSeconds };
  }

  return {
    origin: (request) => screenOrigin(request, options.port()),
    token: (request) => credential(request.socket.remoteAddress ?? 'unknown', bearerOf(request)),
    credential,
  };
}

function bearerOf(request: IncomingMessage): string {
  const header = request.headers.authorization ?? '';
  return header.startsWith('Bearer ') ? header.slice('Bearer '.length) : '';
}

function isRightToken(given: string, expected: Secret | undefined): boolean {
  if (!expected || given === '') return false;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected.reveal()));
}

function screenOrigin(request: IncomingMessage, port: number): Screening {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const host = request.headers.host?.toLowerCase() ?? '';
  if (!hosts.includes(host)) return { ok: false, status: 403, message: `This port answers to the host 127.0.0.1:${port} only.` };
  const origin = request.headers.origin?.toLowerCase();
  if (origin !== undefined && !hosts.some((known) => origin === `http://${known}`)) {
    return { ok: false, status: 403, message: 'Requests from other origins are refused.' };
  }
  if (request.headers['sec-fetch-site'] === 'cross-site') {
    return { ok: false, status: 403, message: 'Requests from other sites are refused.' };
  }
  return { ok: true };
}
