/**
 * Who may come in over the WebSocket: the first frame must be `connect`, with a protocol that is spoken here and the gateway token.
 * A device is an addition, never a replacement for the token; one that is named must prove itself against this connection's nonce.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import * as z from 'zod';
import type { MethodScope } from '../method.ts';
import type { Screening } from '../screen.ts';
import { CLOSE, paramsError, PROTOCOLS, requestFrame, type FrameError, type RequestFrame } from './frames.ts';

const SIGNATURE_SKEW_MS = 600_000;
/** DER of an Ed25519 public key up to its 32 bytes: RFC 8410 section 4. */
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const SCOPES: Readonly<Record<string, readonly MethodScope[]>> = {
  'operator.read': ['read'],
  'operator.write': ['read', 'write'],
  'operator.admin': ['read', 'write', 'admin'],
};

const word = z.string().max(512);
const device = z.object({ id: word, publicKey: word, signature: word, signedAt: z.number(), nonce: word });

const connectParams = z.object({
  minProtocol: z.int(),
  maxProtocol: z.int(),
  client: z.object({ id: word, mode: word, version: word.optional(), platform: word.optional() }),
  role: z.string().default('operator'),
  scopes: z.array(word).max(32).default([]),
  device: device.optional(),
  auth: z.object({ token: z.string().max(4_096).optional() }).optional(),
});

type ConnectParams = z.output<typeof connectParams>;

export interface Admitted {
  protocol: number;
  scopes: ReadonlySet<MethodScope>;
  /** With what it came in: it ends when the gateway's token is another one. */
  token: string;
}

export type Handshake =
  | { ok: true; request: RequestFrame; admitted: Admitted }
  /** `id` is missing where the frame was no request. */
  | { ok: false; id?: string; error: FrameError; close: number };

export interface HandshakeParts {
  nonce: string;
  nowMs: number;
  /** Looks at the token; counts a failure. */
  screen(token: string): Screening;
}

export function shakeHands(frame: unknown, parts: HandshakeParts): Handshake {
  const request = requestFrame.safeParse(frame);
  if (!request.success || request.data.method !== 'connect') {
    return refused('invalid handshake: first request must be connect', request.data);
  }
  const parsed = connectParams.safeParse(request.data.params);
  if (!parsed.success)
    return { ok: false, id: request.data.id, error: paramsError('connect', parsed.error), close: CLOSE.policy };
  const params = parsed.data;
  const protocol = PROTOCOLS.find((one) => one >= params.minProtocol && one <= params.maxProtocol);
  if (protocol === undefined) return { ...refused('protocol mismatch', request.data), close: CLOSE.protocol };
  const why = whyNot(params, parts);
  if (why !== undefined) return refused(why, request.data);
  const scopes = scopesOf(params.scopes);
  return { ok: true, request: request.data, admitted: { protocol, scopes, token: params.auth?.token ?? '' } };
}

function refused(message: string, request?: RequestFrame): Extract<Handshake, { ok: false }> {
  return { ok: false, ...(request && { id: request.id }), error: { code: 'INVALID_REQUEST', message }, close: CLOSE.policy };
}

/** Undefined: it may come in. The token comes first: without it nothing else of the request is looked at. */
function whyNot(params: ConnectParams, parts: HandshakeParts): string | undefined {
  const token = params.auth?.token ?? '';
  const screening = parts.screen(token);
  if (!screening.ok) {
    if (screening.status === 429)
      return `unauthorized: too many wrong tokens (try again in ${screening.retryAfterSeconds ?? 60} s)`;
    return `unauthorized: gateway token ${token === '' ? 'missing' : 'mismatch'} (provide gateway auth token)`;
  }
  if (params.role !== 'operator') return 'only the role operator is known here';
  if (params.device && !proves(params.device, params, parts)) return 'device signature invalid';
  return undefined;
}

/** The device's id is the digest of its key, and it has signed this connection's nonce not long ago. */
function proves(given: NonNullable<ConnectParams['device']>, params: ConnectParams, { nonce, nowMs }: HandshakeParts): boolean {
  const raw = Buffer.from(given.publicKey, 'base64url');
  if (given.nonce !== nonce || raw.length !== 32 || Math.abs(nowMs - given.signedAt) > SIGNATURE_SKEW_MS) return false;
  if (createHash('sha256').update(raw).digest('hex') !== given.id) return false;
  const { client, role, scopes, auth } = params;
  const signed = ['v2', given.id, client.id, client.mode, role, scopes.join(','), given.signedAt, auth?.token ?? '', nonce].join(
    '|',
  );
  const key = createPublicKey({ key: Buffer.concat([ED25519_PREFIX, raw]), format: 'der', type: 'spki' });
  return verify(null, Buffer.from(signed, 'utf8'), key, Buffer.from(given.signature, 'base64url'));
}

/** An operator that names no scope has them all; one that names some has those and no more. */
function scopesOf(named: readonly string[]): ReadonlySet<MethodScope> {
  const granted = named.length === 0 ? ['operator.admin'] : named;
  return new Set(granted.flatMap((scope) => SCOPES[scope] ?? []));
}
