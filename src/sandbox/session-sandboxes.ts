/**
 * Which sandbox a session uses, from its first tool call to its end. One sandbox for each scope, however many calls begin at once;
 * none before it is needed, none after it rested. Must never hand one scope's sandbox to another.
 */
import type { Clock } from '../domain/clock.ts';
import { AppError, isAppError, messageOf } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import type { Sandbox, SandboxBackend, SandboxListing } from '../domain/sandbox.ts';
import type { AgentSettings } from '../domain/settings.ts';
import type { ProcessTable } from '../domain/tool.ts';
import { createProcessTable, type ClearableProcessTable } from './process-table.ts';

export interface SessionSandboxesParts {
  /** For sandboxed sessions; asked at each creation. */
  backend(): Promise<SandboxBackend>;
  /** For `mode: off`. */
  host: SandboxBackend;
  maxSandboxes(): number;
  clock: Clock;
  log: Log;
}

export interface SandboxUser {
  sessionKey: string;
  agent: AgentSettings;
}

export interface SessionSandboxes {
  forSession(user: SandboxUser): { isolated: boolean; sandbox(): Promise<Sandbox>; processes: ProcessTable };
  /** Destroys the sandbox that this session alone uses; a shared one stays. Must not throw. */
  end(user: SandboxUser): Promise<void>;
  /** Destroys all, or those whose scope is this session; returns how many. Must not throw. */
  endAll(sessionKey?: string): Promise<number>;
  list(): SandboxListing[];
  close(): Promise<void>;
}

interface Place {
  readonly scopeKey: string;
  readonly agent: AgentSettings;
  readonly isolated: boolean;
  readonly processes: ClearableProcessTable;
  making: Promise<Sandbox> | undefined;
  sandbox: Sandbox | undefined;
  madeAtMs: number;
  lastUsedMs: number;
  /** Calls that run now. */
  busy: number;
}

const LOOK_FOR_IDLE_MS = 30_000;

export function createSessionSandboxes(parts: SessionSandboxesParts): SessionSandboxes {
  return new Places(parts);
}

/** A session's own, its agent's, or everybody's. */
function scopeKeyOf({ sessionKey, agent }: SandboxUser): string {
  if (agent.sandbox.scope === 'session') return sessionKey;
  return agent.sandbox.scope === 'agent' ? `agent:${agent.id}` : 'shared';
}

/** False where the owner lets this session's tools run on the host. */
function isIsolated({ sessionKey, agent }: SandboxUser): boolean {
  if (agent.sandbox.mode === 'all') return true;
  return agent.sandbox.mode === 'non-main' && sessionKey !== `agent:${agent.id}:main`;
}

class Places implements SessionSandboxes {
  readonly #parts: SessionSandboxesParts;
  readonly #places = new Map<string, Place>();
  /** Who waits for a sandbox to go, the longest-waiting first. */
  readonly #waiting: (() => void)[] = [];
  readonly #timer: NodeJS.Timeout;
  #closed = false;

  constructor(parts: SessionSandboxesParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#endIdle(), LOOK_FOR_IDLE_MS).unref();
  }

  forSession(user: SandboxUser): { isolated: boolean; sandbox(): Promise<Sandbox>; processes: ProcessTable } {
    const place = this.#placeOf(user);
    return { isolated: place.isolated, processes: place.processes, sandbox: () => this.#sandboxOf(place) };
  }

  async end(user: SandboxUser): Promise<void> {
    if (user.agent.sandbox.scope === 'session') await this.#destroy(scopeKeyOf(user));
  }

  async endAll(sessionKey?: string): Promise<number> {
    const keys = [...this.#places.values()]
      .filter((place) => place.sandbox && (sessionKey === undefined || place.scopeKey === sessionKey))
      .map(({ scopeKey }) => scopeKey);
    await Promise.all(keys.map((key) => this.#destroy(key)));
    return keys.length;
  }

  list(): SandboxListing[] {
    return [...this.#places.values()].flatMap(({ sandbox, scopeKey, agent, isolated, madeAtMs, lastUsedMs }) =>
      sandbox
        ? [
            {
              name: sandbox.name,
              backend: isolated ? 'sandbox' : 'host',
              scopeKey,
              image: agent.sandbox.spec.image,
              createdAtMs: madeAtMs,
              lastUsedAtMs: lastUsedMs,
              running: true,
            },
          ]
        : [],
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await Promise.all([...this.#places.keys()].map((key) => this.#destroy(key)));
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #placeOf(user: SandboxUser): Place {
    const scopeKey = scopeKeyOf(user);
    const isolated = isIsolated(user);
    const key = isolated ? scopeKey : `host:${scopeKey}`;
    const known = this.#places.get(key);
    if (known) return known;
    const place: Place = {
      scopeKey: key,
      agent: user.agent,
      isolated,
      processes: createProcessTable(),
      making: undefined,
      sandbox: undefined,
      madeAtMs: 0,
      lastUsedMs: this.#parts.clock.now(),
      busy: 0,
    };
    this.#places.set(key, place);
    return place;
  }

  #sandboxOf(place: Place): Promise<Sandbox> {
    place.lastUsedMs = this.#parts.clock.now();
    // A place that ended meanwhile begins anew for whoever still holds it.
    this.#places.set(place.scopeKey, place);
    place.making ??= this.#make(place).catch((error: unknown) => {
      place.making = undefined;
      throw error;
    });
    return place.making;
  }

  async #make(place: Place): Promise<Sandbox> {
    if (this.#closed) throw new AppError('unavailable', 'The gateway is stopping.');
    await this.#room(place);
    const backend = place.isolated ? await this.#parts.backend() : this.#parts.host;
    const made = await backend.acquire(place.scopeKey, place.agent.sandbox.spec);
    place.madeAtMs = this.#parts.clock.now();
    place.sandbox = watched(made, place, () => this.#forget(place));
    return place.sandbox;
  }

  /** Resolves when there is room for one more; the sandbox that rested longest goes first. */
  async #room(forPlace: Place): Promise<void> {
    while (!this.#closed) {
      const alive = [...this.#places.values()].filter((place) => place !== forPlace && (place.sandbox ?? place.making));
      if (alive.length < this.#parts.maxSandboxes()) return;
      const resting = alive.filter((place) => place.sandbox && isResting(place)).toSorted((a, b) => a.lastUsedMs - b.lastUsedMs);
      if (resting[0]) await this.#destroy(resting[0].scopeKey);
      else await new Promise<void>((wake) => void this.#waiting.push(wake));
    }
  }

  /** The sandbox is gone: the next call gets a fresh one. Nothing is run again. */
  #forget(place: Place): void {
    const { sandbox } = place;
    place.sandbox = undefined;
    place.making = undefined;
    place.processes.clear();
    void sandbox?.destroy();
    this.#waiting.shift()?.();
  }

  async #destroy(key: string): Promise<void> {
    const place = this.#places.get(key);
    this.#places.delete(key);
    const sandbox = place?.sandbox ?? (await place?.making?.catch(() => undefined));
    if (!place) return;
    place.sandbox = undefined;
    place.making = undefined;
    place.processes.clear();
    await sandbox?.destroy();
    this.#waiting.shift()?.();
  }

  #endIdle(): void {
    const now = this.#parts.clock.now();
    for (const place of this.#places.values()) {
      if (!isResting(place) || now - place.lastUsedMs < place.agent.sandbox.idleMs) continue;
      this.#destroy(place.scopeKey).catch((error: unknown) =>
        this.#parts.log.warn({ error: messageOf(error) }, 'a sandbox was not removed'),
      );
    }
  }
}

function isResting(place: Place): boolean {
  return place.busy === 0 && place.processes.list().every((entry) => entry.exit !== undefined);
}

/** Counts the calls that run, remembers the last use, and tells when the sandbox turns out to be gone. */
function watched(sandbox: Sandbox, place: Place, gone: () => void): Sandbox {
  const during = async <T>(call: Promise<T>): Promise<T> => {
    place.busy += 1;
    try {
      return await call;
    } catch (error) {
      if (isAppError(error, 'unavailable') && place.sandbox) gone();
      throw error;
    } finally {
      place.busy -= 1;
      place.lastUsedMs = Math.max(place.lastUsedMs, Date.now());
    }
  };
  return {
    name: sandbox.name,
    workdir: sandbox.workdir,
    access: sandbox.access,
    scratchDir: sandbox.scratchDir,
    exec: (request) => during(sandbox.exec(request)),
    start: (request) => during(sandbox.start(request)),
    readFile: (path, range) => during(sandbox.readFile(path, range)),
    writeFile: (path, bytes) => during(sandbox.writeFile(path, bytes)),
    destroy: () => sandbox.destroy(),
  };
}
