/**
 * One client's WebSocket: the challenge, the handshake, then requests in and answers and events out.
 * Before the handshake it gets nothing but the challenge. A client that does not read is dropped; it never makes others wait.
 */
import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { errorAnswer } from '../answers.ts';
import type { Method, MethodScope } from '../method.ts';
import type { Screening } from '../screen.ts';
import {
  CLOSE,
  eventFrame,
  frameError,
  paramsError,
  POLICY,
  requestFrame,
  type AnswerFrame,
  type RequestFrame,
} from './frames.ts';
import { shakeHands, type Admitted } from './handshake.ts';

/** A first frame is small, and it is read before anyone is known. */
const MOST_FIRST_BYTES = 65_536;
const MOST_REQUESTS_AT_ONCE = 64;

export interface ConnectionParts {
  /** How long the first frame may take. */
  handshakeMs: number;
  screen(token: string): Screening;
  /** Is what the client came in with still the gateway's token? */
  isCurrent(token: string): boolean;
  methods: ReadonlyMap<string, Method>;
  hello(connId: string, admitted: Admitted): object;
  /** It may be told events from now on. */
  opened(connection: Connection): void;
  closed(connection: Connection): void;
  clock: Clock;
  log: Log;
}

export class Connection {
  private readonly socket: WebSocket;
  private readonly parts: ConnectionParts;
  private readonly nonce = randomUUID();
  private readonly gone = new AbortController();
  private readonly handshake: NodeJS.Timeout;
  private admitted: Admitted | undefined;
  private requests = 0;

  constructor(socket: WebSocket, parts: ConnectionParts) {
    this.socket = socket;
    this.parts = parts;
    this.handshake = setTimeout(() => this.end(CLOSE.policy, 'handshake timeout'), parts.handshakeMs);
    socket.on('message', (data, isBinary) => this.receive(data as Buffer, isBinary));
    // What went wrong on the wire is the client's: the close that follows says all that is needed here.
    socket.on('error', () => {});
    socket.once('close', () => this.ended());
    this.send(eventFrame('connect.challenge', { nonce: this.nonce, ts: parts.clock.now() }));
  }

  mayRead(): boolean {
    return this.admitted?.scopes.has('read') ?? false;
  }

  /** Closes what came in with a token that is no longer the gateway's. */
  isStale(): boolean {
    if (!this.admitted || this.parts.isCurrent(this.admitted.token)) return false;
    this.end(CLOSE.policy, 'the gateway token has changed');
    return true;
  }

  /** A whole frame. */
  send(frame: string): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (this.socket.bufferedAmount > POLICY.maxBufferedBytes) return this.end(CLOSE.policy, 'slow consumer', true);
    this.socket.send(frame);
  }

  /** `now`: what waits to be read is given up. */
  end(code: number, reason: string, now = false): void {
    this.socket.close(code, reason);
    if (now) this.socket.terminate();
  }

  private ended(): void {
    clearTimeout(this.handshake);
    this.gone.abort();
    this.parts.closed(this);
  }

  private receive(data: Buffer, isBinary: boolean): void {
    if (!this.admitted && data.length > MOST_FIRST_BYTES) return this.end(CLOSE.tooLarge, 'the first frame is too large', true);
    if (this.isStale()) return;
    const frame = isBinary ? undefined : parseJson(data.toString('utf8'));
    if (!this.admitted) return this.shakeHands(frame);
    const request = requestFrame.safeParse(frame);
    if (!request.success) return this.end(CLOSE.policy, 'invalid request frame');
    void this.call(request.data, this.admitted.scopes);
  }

  private shakeHands(frame: unknown): void {
    clearTimeout(this.handshake);
    const { nonce, parts } = this;
    const outcome = shakeHands(frame, { nonce, nowMs: parts.clock.now(), screen: parts.screen });
    if (!outcome.ok) {
      if (outcome.id !== undefined) this.answer({ type: 'res', id: outcome.id, ok: false, error: outcome.error });
      return this.end(outcome.close, outcome.error.message.slice(0, 120));
    }
    this.admitted = outcome.admitted;
    this.answer({ type: 'res', id: outcome.request.id, ok: true, payload: parts.hello(randomUUID(), outcome.admitted) });
    parts.opened(this);
  }

  /** Must not reject. */
  private async call({ id, method: name, params }: RequestFrame, scopes: ReadonlySet<MethodScope>): Promise<void> {
    const refuse = (message: string): void =>
      this.answer({ type: 'res', id, ok: false, error: { code: 'INVALID_REQUEST', message } });
    const method = this.parts.methods.get(name);
    if (!method) return refuse(`unknown method: ${name}`);
    if (!scopes.has(method.scope)) return refuse(`missing scope: operator.${method.scope}`);
    const parsed = method.params.safeParse(params ?? {});
    if (!parsed.success) return this.answer({ type: 'res', id, ok: false, error: paramsError(name, parsed.error) });
    if (this.requests >= MOST_REQUESTS_AT_ONCE) return refuse('too many requests at once');
    this.requests += 1;
    try {
      const payload = await method.handle(parsed.data, {
        signal: this.gone.signal,
        emit: (event, told) => this.send(eventFrame(event, told)),
        accepted: (told) => this.answer({ type: 'res', id, ok: true, payload: told }),
      });
      this.answer({ type: 'res', id, ok: true, payload: payload ?? null });
    } catch (error) {
      this.answer({ type: 'res', id, ok: false, error: frameError(errorAnswer(error, this.parts.log)) });
    } finally {
      this.requests -= 1;
    }
  }

  private answer(frame: AnswerFrame): void {
    this.send(JSON.stringify(frame));
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
