/**
 * Owns what a container may do. The one place where a container gets its settings, from a SandboxSpec and nothing else.
 * Pure, and fails closed: what it does not know it refuses. Must never take a setting from a message or a model.
 *
 * Two choices that are not obvious:
 * - No `nproc`: that limit counts a user's processes over all containers and the host, so one sandbox could starve the others
 *   and the gateway, which runs as the same user. `PidsLimit` counts per container and is what bounds them.
 * - No seccomp or AppArmor option: leaving them out means the engine's default profiles. The backend refuses an engine
 *   that has none.
 */
import { createHash } from 'node:crypto';
import { AppError } from '../../domain/errors.ts';
import type { SandboxLimits, SandboxSpec } from '../../domain/sandbox.ts';
import { refuseLink, refuseWorkdir, refuseWorkspace } from './workspace-rules.ts';

export interface ContainerUser {
  uid: number;
  gid: number;
}

/** What is true of this host and this run. */
export interface Surroundings {
  user: ContainerUser;
  /** The workspace with every link resolved; undefined only where the access is `none`. */
  realWorkspace: string | undefined;
  protectedPaths: readonly string[];
}

export interface ContainerLabels {
  stateId: string;
  /** One start of the gateway. */
  runId: string;
  createdAtMs: number;
  /** Undefined for a container that waits in the pool. */
  scopeKey?: string;
}

/** The body of the engine's create call, without what differs from one container of these settings to the next. */
export interface ContainerSettings {
  Image: string;
  HostConfig: Record<string, unknown>;
  [setting: string]: unknown;
}

export interface ContainerBody extends ContainerSettings {
  Labels: Record<string, string>;
}

export const labelNames = {
  sandbox: 'openclaw.sandbox',
  state: 'openclaw.state',
  run: 'openclaw.run',
  scopeKey: 'openclaw.sessionKey',
  createdAtMs: 'openclaw.createdAtMs',
  configHash: 'openclaw.configHash',
} as const;

export const scratchDir = '/tmp';
const shmBytes = 64 * 1024 * 1024;

/** Throws AppError `invalid` or `denied`. */
export function specToContainer(spec: SandboxSpec, surroundings: Surroundings): ContainerSettings {
  refuseSpec(spec, surroundings);
  const { uid, gid } = surroundings.user;
  return {
    Image: spec.image,
    Entrypoint: [],
    Cmd: ['sleep', 'infinity'],
    User: `${uid}:${gid}`,
    Hostname: 'sandbox',
    WorkingDir: spec.workdir,
    // PATH stays the image's own. Nothing of the gateway's environment comes here.
    Env: ['LANG=C.UTF-8', `HOME=${scratchDir}`],
    Tty: false,
    OpenStdin: false,
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    NetworkDisabled: true,
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: spec.network,
      IpcMode: 'private',
      PidMode: '',
      UTSMode: '',
      Privileged: false,
      CapAdd: [],
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Devices: [],
      ReadonlyRootfs: spec.readOnlyRoot,
      Init: true,
      // When its first process ends, the container is gone with its volumes, even if nobody is there to remove it.
      AutoRemove: true,
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'none', Config: {} },
      ShmSize: Math.min(shmBytes, spec.limits.scratchBytes),
      ...limits(spec.limits),
      ...fileSystems(spec, surroundings),
    },
  };
}

function limits(limit: SandboxLimits): Record<string, unknown> {
  return {
    PidsLimit: limit.processes,
    Memory: limit.memoryBytes,
    // Equal to Memory means: no swap.
    MemorySwap: limit.memoryBytes,
    NanoCpus: Math.round(limit.cpus * 1e9),
    Ulimits: [{ Name: 'nofile', Soft: limit.openFiles, Hard: limit.openFiles }],
    // When the host runs out of memory, a sandbox goes before the gateway.
    OomScoreAdj: 500,
  };
}

function fileSystems(spec: SandboxSpec, surroundings: Surroundings): Record<string, unknown> {
  const { uid, gid } = surroundings.user;
  // Owned by the user, not only writable by all: some runtimes keep the mode of the image's own directory.
  const scratch = `nosuid,nodev,size=${spec.limits.scratchBytes},mode=1777,uid=${uid},gid=${gid}`;
  const tmpfs: Record<string, string> = {
    // The one place where a program may be made and run when the workspace is read-only.
    [scratchDir]: `rw,exec,${scratch}`,
    '/var/tmp': `rw,noexec,${scratch}`,
    '/run': `rw,noexec,${scratch}`,
  };
  if (spec.access === 'none') return { Tmpfs: { ...tmpfs, [spec.workdir]: `rw,exec,${scratch}` }, Mounts: [] };
  const workspace = {
    Type: 'bind',
    Source: surroundings.realWorkspace,
    Target: spec.workdir,
    ReadOnly: spec.access !== 'rw',
    // Not recursive: what is mounted below the workspace would stay writable under a read-only mount.
    BindOptions: { Propagation: 'rprivate', NonRecursive: true },
  };
  return { Tmpfs: tmpfs, Mounts: [workspace] };
}

export function withLabels(body: ContainerSettings, owner: ContainerLabels): ContainerBody {
  const labels: Record<string, string> = {
    [labelNames.sandbox]: '1',
    [labelNames.state]: owner.stateId,
    [labelNames.run]: owner.runId,
    [labelNames.createdAtMs]: String(owner.createdAtMs),
    [labelNames.configHash]: configHash(body),
  };
  if (owner.scopeKey !== undefined) labels[labelNames.scopeKey] = owner.scopeKey;
  return { ...body, Labels: labels };
}

/** Equal for equal settings, whatever the order of the keys; the order of lists counts. */
export function configHash(body: unknown): string {
  return createHash('sha256').update(canonical(body)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}

function refuseSpec(spec: SandboxSpec, surroundings: Surroundings): void {
  refuseImage(spec.image);
  refuseWorkdir(spec.workdir);
  refuseLimits(spec.limits);
  if (spec.network !== 'none')
    throw new AppError('denied', 'A sandbox has no network.', { hint: 'Set the sandbox network to none.' });
  const { uid, gid } = surroundings.user;
  if (![uid, gid].every((id) => Number.isInteger(id) && id > 0)) {
    throw new AppError('denied', `A sandbox never runs as root (${uid}:${gid}).`);
  }
  if (spec.access === 'none') return;
  if (spec.access !== 'ro' && spec.access !== 'rw') throw new AppError('invalid', 'Workspace access is none, ro or rw.');
  refuseWorkspace(spec.workspace, surroundings.protectedPaths);
  refuseLink(spec.workspace, surroundings.realWorkspace);
}

/** Source of the grammar: github.com/distribution/reference. */
const domain = /(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]+)?/.source;
const part = /[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*/.source;
const tag = /[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}/.source;
const imagePattern = new RegExp(`^(?:${domain}/)?${part}(?:/${part})*(?::${tag})?(?:@sha256:[0-9a-f]{64})?$`);
const longestImageName = 255;

function refuseImage(image: string): void {
  if (image.length <= longestImageName && imagePattern.test(image)) return;
  throw new AppError('invalid', `${JSON.stringify(image)} is no image name.`, {
    hint: 'Use name:tag, such as openclaw-sandbox:bookworm-slim.',
  });
}

const mebibyte = 1024 * 1024;
/** Lowest and highest that make sense; beyond them a limit is no limit, or the sandbox cannot start. */
const limitRanges: Record<keyof SandboxLimits, readonly [number, number]> = {
  memoryBytes: [32 * mebibyte, 1024 * 1024 * mebibyte],
  cpus: [0.01, 1024],
  processes: [8, 32_768],
  openFiles: [64, 1_048_576],
  scratchBytes: [mebibyte, 1024 * 1024 * mebibyte],
};

function refuseLimits(limit: SandboxLimits): void {
  for (const [name, [lowest, highest]] of Object.entries(limitRanges)) {
    const value = limit[name as keyof SandboxLimits];
    const whole = name === 'cpus' ? Number.isFinite(value) : Number.isInteger(value);
    if (whole && value >= lowest && value <= highest) continue;
    throw new AppError('invalid', `The sandbox limit ${name} must be between ${lowest} and ${highest}, not ${value}.`);
  }
}
