/**
 * Where tools run. A sandbox has no network, no secrets in its environment, and sees of the host at most one workspace.
 * A backend makes its containers' settings itself; nothing that a model says reaches them.
 */

export type WorkspaceAccess = 'none' | 'ro' | 'rw';

export interface SandboxLimits {
  memoryBytes: number;
  /** Cores; may be a fraction. */
  cpus: number;
  processes: number;
  openFiles: number;
  /** Size of each scratch tmpfs in bytes. */
  scratchBytes: number;
}

/** Everything that decides what a sandbox is. Two equal specs may share a pool. */
export interface SandboxSpec {
  agentId: string;
  image: string;
  /** Absolute path on the host; mounted at `workdir` according to `access`. */
  workspace: string;
  access: WorkspaceAccess;
  /** The working directory inside, `/workspace` unless configured. */
  workdir: string;
  readOnlyRoot: boolean;
  network: 'none';
  limits: SandboxLimits;
}

export interface ExecRequest {
  /** Program and arguments, or one shell command. */
  command: { argv: string[] } | { shell: string };
  /** Inside the sandbox; default is its workdir. */
  cwd?: string;
  /** Replaces nothing of the host: added to the sandbox's own small environment. */
  env?: Record<string, string>;
  stdin?: Uint8Array;
  /** After it the command and all its children are killed. */
  timeoutMs: number;
  /** Bytes kept of stdout and of stderr each; the rest is counted and dropped, or spilled to `spillPath`. */
  maxOutputBytes: number;
  signal?: AbortSignal;
  /** Called with each piece as it comes. */
  onOutput?: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
}

export interface ExecResult {
  /** Undefined when a signal ended it. */
  exitCode?: number;
  signal?: string;
  timedOut: boolean;
  stdout: Uint8Array;
  stderr: Uint8Array;
  /** All that was written, kept or not, per stream. */
  stdoutBytes: number;
  stderrBytes: number;
}

/** A command that runs on while the turn goes on. */
export interface SandboxProcess {
  write(bytes: Uint8Array): Promise<void>;
  endInput(): Promise<void>;
  /** Ends it with all its children: TERM, a grace of 2 s, KILL. */
  kill(): Promise<void>;
  /** Never rejects because of what the command did; rejects with AppError `unavailable` when the sandbox is gone. */
  readonly result: Promise<ExecResult>;
}

/**
 * One sandbox of one scope (a session, an agent, or all).
 * Rejections are AppErrors: `unavailable` (sandbox or engine gone), `not_found`, `invalid`, `limit`, `denied` (read-only).
 */
export interface Sandbox {
  /** As people see it: the container's name, or `embedded`. */
  readonly name: string;
  readonly workdir: string;
  readonly access: WorkspaceAccess;
  /** A directory that can be written whatever the access is, e.g. `/tmp`. */
  readonly scratchDir: string;
  exec(request: ExecRequest): Promise<ExecResult>;
  start(request: ExecRequest): Promise<SandboxProcess>;
  /** At most `maxBytes` from `offset`. Paths are inside the sandbox; relative to `workdir`. */
  readFile(path: string, range: { offset: number; maxBytes: number }): Promise<{ bytes: Uint8Array; totalBytes: number }>;
  /** Creates parent directories. Atomic: a reader sees the old or the new file. */
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
  /** Idempotent; must not throw. */
  destroy(): Promise<void>;
}

export interface SandboxListing {
  name: string;
  backend: string;
  /** The scope it was given to; undefined for one that waits in the pool. */
  scopeKey?: string;
  image: string;
  createdAtMs: number;
  lastUsedAtMs?: number;
  running: boolean;
}

export interface SandboxBackendStatus {
  ready: boolean;
  /** One line for people: engine and version, or what is missing. */
  detail: string;
  hint?: string;
}

export interface SandboxBackend {
  readonly id: string;
  /** Never waits for a build; answers within a second. Must not throw. */
  probe(): Promise<SandboxBackendStatus>;
  /** A fresh sandbox for this scope, from the pool where one waits. */
  acquire(scopeKey: string, spec: SandboxSpec): Promise<Sandbox>;
  /** All that this gateway made, also before this start. */
  list(): Promise<SandboxListing[]>;
  /** Removes leftovers of earlier runs; returns their names. */
  sweep(): Promise<string[]>;
  /** Destroys everything that this run made. Must not throw. */
  close(): Promise<void>;
}
