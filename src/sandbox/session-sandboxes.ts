/**
 * Owns which sandbox a session's tools get, and how long it lives: made at the first tool call, ended with its session, when it
 * has been idle, or when its place is needed. The one place that decides between the sandbox and the host. Must never repeat a
 * call on a new sandbox, and never show one workspace to an agent that has another.
 */
import type { Clock } from '../domain/clock.ts';
import { AppError, messageOf } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import type { Sandbox, SandboxBackend, SandboxListing, SandboxSpec, WorkspaceAccess } from '../domain/sandbox.ts';
import type { SessionKey } from '../domain/session.ts';
import type { AgentSettings } from '../domain/settings.ts';
import type { ProcessTable } from '../domain/tool.ts';
import type { HostBackend } from './host.ts';
import { Places } from './places.ts';
import { createProcessTable } from './process-table.ts';
import { TrackedSandbox } from './tracked-sandbox.ts';

export interface SessionSandboxesOptions {
  /** Asked when a sandbox is needed. */
  backend: () => Promise<SandboxBackend>;
  /** For sessions that the owner takes out of the sandbox. */
  host: HostBackend;
  /** Sandboxes alive at once; asked again each time. Those on the host do not count. */
  maxSandboxes: () => number;
  clock: Clock;
  log: Log;
  /** When all places are taken, one that has been idle this long gives way, milliseconds. */
  evictAfterMs?: number;
}

export interface SandboxUser {
  sessionKey: SessionKey;
  agent: AgentSettings;
}

export interface SandboxForSession {
  /** As tools will see it, before it is made. `isolated` is false where they run on the host. */
  facts: { workdir: string; access: WorkspaceAccess; scratchDir: string; isolated: boolean };
  isolated: boolean;
  /** The same one for all calls while it lives. Waits when all places are taken. Rejects with AppError `unavailable`. */
  sandbox(): Promise<Sandbox>;
  processes: ProcessTable;
}

export interface SessionSandboxes {
  /** Makes nothing yet. */
  forSession(user: SandboxUser): SandboxForSession;
  /** The session ended or was reset. One that other sessions share lives on. */
  end(user: SandboxUser): Promise<void>;
  /** Ends every sandbox, or those that are this session's alone; one that others share lives on. Returns how many. */
  endAll(sessionKey?: SessionKey): Promise<number>;
  /** Those alive, as their sessions use them. */
  list(): SandboxListing[];
  /** Ends all and makes no more. Must not throw. */
  close(): Promise<void>;
}

export function createSessionSandboxes(options: SessionSandboxesOptions): SessionSandboxes {
  return new Sandboxes(options);
}

/** Whether the owner wants this session's tools in a sandbox. */
function isSandboxed({ sessionKey, agent }: SandboxUser): boolean {
  const { mode } = agent.sandbox;
  return mode === 'all' || (mode === 'non-main' && sessionKey !== `agent:${agent.id}:main`);
}

/** Who shares a sandbox: the session alone, all sessions of the agent, or all. */
function scopeKeyOf({ sessionKey, agent }: SandboxUser): string {
  if (agent.sandbox.scope === 'shared') return 'shared';
  return agent.sandbox.scope === 'agent' ? `agent:${agent.id}` : sessionKey;
}

/** The sandbox that one scope has, or is about to have. */
interface Slot {
  key: string;
  scope: AgentSettings['sandbox']['scope'];
  /** As the configuration says it. */
  wantedScopeKey: string;
  /** As the backend knows it: its own where another workspace has the wanted one. */
  scopeKey: string;
  isolated: boolean;
  spec: SandboxSpec;
  idleMs: number;
  createdAtMs: number;
  processes: ProcessTable;
  /** Aborted when it ends, whether made or not. */
  end: AbortController;
  ready: Promise<TrackedSandbox>;
  sandbox?: TrackedSandbox;
  backendId?: string;
}

/** Longer than a model usually thinks between two tool calls. */
const defaultEvictAfterMs = 30_000;
const sandboxScratchDir = '/tmp';

class Sandboxes implements SessionSandboxes {
  readonly #options: SessionSandboxesOptions;
  readonly #evictAfterMs: number;
  readonly #slots = new Map<string, Slot>();
  readonly #places: Places;
  readonly #ending = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: SessionSandboxesOptions) {
    this.#options = options;
    this.#evictAfterMs = options.evictAfterMs ?? defaultEvictAfterMs;
    this.#places = new Places(options.maxSandboxes);
  }

  forSession(user: SandboxUser): SandboxForSession {
    const isolated = isSandboxed(user);
    const { workdir, access, workspace } = user.agent.sandbox.spec;
    const key = slotKeyOf(user);
    const facts = isolated
      ? { workdir, access, scratchDir: sandboxScratchDir, isolated }
      : { workdir: workspace, access: 'rw' as const, scratchDir: this.#options.host.scratchDirOf(key), isolated };
    return { facts, isolated, sandbox: () => this.#sandboxOf(user), processes: this.#processesOf(key) };
  }

  async end(user: SandboxUser): Promise<void> {
    if (user.agent.sandbox.scope !== 'session') return;
    const slot = this.#slots.get(slotKeyOf(user));
    if (slot) await this.#end(slot);
  }

  async endAll(sessionKey?: SessionKey): Promise<number> {
    const slots = [...this.#slots.values()].filter(
      (slot) => sessionKey === undefined || (slot.scope === 'session' && slot.wantedScopeKey === sessionKey),
    );
    await Promise.all(slots.map((slot) => this.#end(slot)));
    return slots.length;
  }

  list(): SandboxListing[] {
    return [...this.#slots.values()].flatMap(({ sandbox, wantedScopeKey: scopeKey, backendId = '', spec, createdAtMs }) => {
      if (!sandbox) return [];
      const { name, lastUsedAtMs } = sandbox;
      return [{ name, backend: backendId, scopeKey, image: spec.image, createdAtMs, lastUsedAtMs, running: true }];
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.endAll();
    await Promise.all(this.#ending);
  }

  async #sandboxOf(user: SandboxUser): Promise<Sandbox> {
    if (this.#closed) throw ended('the gateway is stopping');
    const key = slotKeyOf(user);
    const known = this.#slots.get(key);
    if (known && sameSpec(known.spec, user.agent.sandbox.spec)) return known.ready;
    // The configuration changed under it.
    if (known) await this.#end(known);
    return (this.#slots.get(key) ?? this.#makeSlot(key, user)).ready;
  }

  #makeSlot(key: string, user: SandboxUser): Slot {
    const { scope, spec, idleMs } = user.agent.sandbox;
    const slot: Slot = {
      key,
      scope,
      wantedScopeKey: scopeKeyOf(user),
      scopeKey: isSandboxed(user) ? this.#freeScopeKey(user) : key,
      isolated: isSandboxed(user),
      spec,
      idleMs,
      createdAtMs: this.#options.clock.now(),
      processes: createProcessTable(),
      end: new AbortController(),
      ready: Promise.resolve(undefined as never),
    };
    this.#slots.set(key, slot);
    slot.ready = this.#fill(slot);
    slot.ready.catch(() => this.#forget(slot));
    return slot;
  }

  /** Agents with different workspaces share no sandbox, even where the scope says `shared`. */
  #freeScopeKey(user: SandboxUser): string {
    const scopeKey = scopeKeyOf(user);
    const taken = [...this.#slots.values()].some((slot) => slot.scopeKey === scopeKey);
    return taken ? `${scopeKey}:${user.agent.id}` : scopeKey;
  }

  async #fill(slot: Slot): Promise<TrackedSandbox> {
    const { end, isolated } = slot;
    if (isolated) await this.#place(end.signal);
    try {
      const backend = isolated ? await this.#options.backend() : this.#options.host;
      const sandbox = await backend.acquire(slot.scopeKey, slot.spec);
      if (end.signal.aborted) {
        await sandbox.destroy();
        throw end.signal.reason;
      }
      slot.backendId = backend.id;
      slot.sandbox = new TrackedSandbox(sandbox, this.#options.clock, () => void this.#end(slot));
      this.#schedule();
      return slot.sandbox;
    } catch (error) {
      if (isolated) this.#places.free();
      throw error;
    }
  }

  #place(signal: AbortSignal): Promise<void> {
    const taken = this.#places.take(signal);
    if (this.#places.waiting > 0) this.#sweep();
    return taken;
  }

  /** Of a sandbox that exists only: one that is being made ends itself when it is done. */
  #end(slot: Slot): Promise<void> {
    this.#forget(slot);
    if (slot.end.signal.aborted) return Promise.resolve();
    slot.end.abort(ended('it was ended'));
    const ending = this.#destroy(slot).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    return ending;
  }

  async #destroy({ sandbox, isolated, ready, scopeKey }: Slot): Promise<void> {
    if (!sandbox) {
      await ready.catch(() => {});
      return;
    }
    await sandbox.destroy().catch((error: unknown) => {
      this.#options.log.error({ scopeKey, error: messageOf(error) }, 'a sandbox was not destroyed as it should be');
    });
    if (isolated) this.#places.free();
  }

  #forget(slot: Slot): void {
    if (this.#slots.get(slot.key) === slot) this.#slots.delete(slot.key);
  }

  /** A view on the processes of whatever sandbox the scope has at the moment. */
  #processesOf(key: string): ProcessTable {
    const table = (): ProcessTable | undefined => this.#slots.get(key)?.processes;
    return {
      add: (entry) => {
        const current = table();
        if (!current) throw ended('it ended while the command was started');
        return current.add(entry);
      },
      get: (processId) => table()?.get(processId),
      list: () => table()?.list() ?? [],
      remove: (processId) => table()?.remove(processId),
    };
  }

  /** Ends what has been idle for its time, and as many idle ones as others wait for; then waits for the next to become so. */
  #sweep(): void {
    const idle = [...this.#slots.values()].filter((slot) => slot.sandbox && !slot.sandbox.busy);
    for (const slot of idle) if (idleMsOf(slot) >= slot.idleMs) void this.#end(slot);
    this.#places.settle();
    const candidates = idle.filter((slot) => slot.isolated && !slot.end.signal.aborted && idleMsOf(slot) >= this.#evictAfterMs);
    const longestIdleFirst = candidates.toSorted((one, other) => idleMsOf(other) - idleMsOf(one));
    for (const slot of longestIdleFirst.slice(0, this.#places.waiting)) void this.#end(slot);
    this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const living = [...this.#slots.values()].filter((slot) => slot.sandbox);
    if (this.#closed || living.length === 0) return;
    const evictAfterMs = this.#places.waiting > 0 ? this.#evictAfterMs : Infinity;
    const waits = living.map((slot) => Math.min(slot.idleMs, slot.isolated ? evictAfterMs : Infinity) - idleMsOf(slot));
    // At least a moment: one that is busy is looked at again, not over and over.
    const waitMs = Math.min(Math.max(Math.min(...waits), shortestWaitMs), longestWaitMs);
    this.#timer = setTimeout(() => this.#sweep(), waitMs).unref();
  }
}

const shortestWaitMs = 10;
/** A timer holds no more. */
const longestWaitMs = 2_147_483_647;

function slotKeyOf(user: SandboxUser): string {
  const { scope, spec } = user.agent.sandbox;
  const place = isSandboxed(user) ? 'sandbox' : 'host';
  const workspace = scope === 'shared' ? `${spec.access} ${spec.workspace}` : '';
  return JSON.stringify([place, scopeKeyOf(user), workspace]);
}

function idleMsOf(slot: Slot): number {
  return slot.sandbox?.idleMs ?? 0;
}

function sameSpec(one: SandboxSpec, other: SandboxSpec): boolean {
  return one === other || JSON.stringify({ ...one, agentId: '' }) === JSON.stringify({ ...other, agentId: '' });
}

function ended(why: string): AppError {
  return new AppError('unavailable', `The sandbox is gone: ${why}.`, { hint: 'The next tool call makes a new one.' });
}
