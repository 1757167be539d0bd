/**
 * Owns the few calls of the Docker Engine that sandboxes need, typed. Must never make up a container's settings:
 * `create` takes what spec-to-container.ts made, whole.
 */
import type { Socket } from 'node:net';
import { isAppError } from '../../domain/errors.ts';
import type { Engine } from './engine.ts';
import type { ContainerBody } from './spec-to-container.ts';

export interface ContainerSummary {
  id: string;
  name: string;
  image: string;
  createdAtMs: number;
  running: boolean;
  labels: Record<string, string>;
}

export interface AttachRequest {
  command: readonly string[];
  workdir: string;
  /** Whether its standard input is ours to write. */
  input: boolean;
  env?: readonly string[];
}

export interface Containers {
  /** Its id. Rejects with `not_found` when the image is missing. */
  create(name: string, body: ContainerBody): Promise<string>;
  start(id: string): Promise<void>;
  /** Rejects with `not_found` when it is gone. */
  isRunning(id: string): Promise<boolean>;
  rename(id: string, name: string): Promise<void>;
  /** With its volumes, running or not. Resolves also when it is gone already. */
  remove(id: string): Promise<void>;
  /** Those that carry all these labels, as `key=value`. */
  list(labels: readonly string[]): Promise<ContainerSummary[]>;
  /** Starts a program in the container and hands its multiplexed streams over. */
  attach(id: string, request: AttachRequest): Promise<{ execId: string; socket: Socket }>;
  inspectExec(execId: string): Promise<{ running: boolean; exitCode: number | undefined }>;
}

interface ListedContainer {
  Id: string;
  Names: string[];
  Image: string;
  Created: number;
  State: string;
  Labels: Record<string, string> | null;
}

/** Starting is the slow part; an engine under load takes its time. */
const startTimeoutMs = 120_000;

export function createContainers(engine: Engine): Containers {
  return {
    async create(name, body) {
      const made = await engine.call<{ Id: string }>({
        method: 'POST',
        path: '/containers/create',
        query: { name },
        body,
        timeoutMs: startTimeoutMs,
      });
      return made.Id;
    },
    start: (id) => engine.call({ method: 'POST', path: `/containers/${id}/start`, timeoutMs: startTimeoutMs }),
    async isRunning(id) {
      const found = await engine.call<{ State: { Running: boolean } }>({ method: 'GET', path: `/containers/${id}/json` });
      return found.State.Running;
    },
    rename: (id, name) => engine.call({ method: 'POST', path: `/containers/${id}/rename`, query: { name } }),
    remove: (id) => remove(engine, id),
    list: (labels) => list(engine, labels),
    attach: (id, request) => attach(engine, id, request),
    async inspectExec(execId) {
      const found = await engine.call<{ Running: boolean; ExitCode: number | null }>({
        method: 'GET',
        path: `/exec/${execId}/json`,
      });
      return { running: found.Running, exitCode: found.ExitCode ?? undefined };
    },
  };
}

async function remove(engine: Engine, id: string): Promise<void> {
  const path = `/containers/${id}`;
  try {
    await engine.call({ method: 'DELETE', path, query: { force: '1', v: '1' }, timeoutMs: startTimeoutMs }).catch((error) => {
      // Already on its way out: the engine removes an ended one by itself (AutoRemove).
      if (!isAppError(error, 'conflict')) throw error;
      return engine.call({ method: 'POST', path: `${path}/wait`, query: { condition: 'removed' } });
    });
  } catch (error) {
    if (!isAppError(error, 'not_found')) throw error;
  }
}

async function list(engine: Engine, labels: readonly string[]): Promise<ContainerSummary[]> {
  const query = { all: '1', filters: JSON.stringify({ label: labels }) };
  const found = await engine.call<ListedContainer[]>({ method: 'GET', path: '/containers/json', query });
  return found
    .filter((container) => container.State !== 'removing')
    .map((container) => ({
      id: container.Id,
      name: (container.Names[0] ?? '').replace(/^\//, ''),
      image: container.Image,
      createdAtMs: container.Created * 1000,
      running: container.State === 'running',
      labels: container.Labels ?? {},
    }));
}

async function attach(engine: Engine, id: string, request: AttachRequest): Promise<{ execId: string; socket: Socket }> {
  const body = {
    AttachStdin: request.input,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    Privileged: false,
    WorkingDir: request.workdir,
    Cmd: request.command,
    ...(request.env ? { Env: request.env } : {}),
  };
  const made = await engine.call<{ Id: string }>({ method: 'POST', path: `/containers/${id}/exec`, body });
  const start = { method: 'POST', path: `/exec/${made.Id}/start`, body: { Detach: false, Tty: false } } as const;
  return { execId: made.Id, socket: await engine.hijack(start) };
}
