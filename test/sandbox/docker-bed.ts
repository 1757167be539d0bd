// What the Docker tests share: a backend of their own on the real engine, and a workspace. Skips nothing: without an engine
// and its image the tests fail and say what is missing.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/domain/clock.ts';
import { silentLog } from '../../src/domain/log.ts';
import type { ExecRequest, SandboxSpec } from '../../src/domain/sandbox.ts';
import { createDockerBackend } from '../../src/sandbox/docker/index.ts';
import type { DockerBackend, DockerBackendOptions } from '../../src/sandbox/docker/index.ts';
import { sandboxImage } from '../../src/sandbox/image/build.ts';

export const mebibyte = 1024 * 1024;
export const patience = { timeout: 180_000 };

const made: string[] = [];
process.on('exit', () => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** A directory that is removed when the tests end. */
export function temporaryDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `openclaw-${name}-`));
  made.push(directory);
  return directory;
}

export function dockerSpec(more: Partial<SandboxSpec> = {}): SandboxSpec {
  return {
    agentId: 'main',
    image: sandboxImage,
    workspace: temporaryDirectory('docker-test'),
    access: 'rw',
    workdir: '/workspace',
    readOnlyRoot: true,
    network: 'none',
    limits: { memoryBytes: 256 * mebibyte, cpus: 1, processes: 256, openFiles: 1024, scratchBytes: 32 * mebibyte },
    ...more,
  };
}

/** A state of its own, so that runs side by side do not see each other. */
export function dockerOptions(more: Partial<DockerBackendOptions> = {}): DockerBackendOptions {
  return {
    stateId: `test-${randomBytes(6).toString('hex')}`,
    poolSize: 0,
    log: silentLog,
    clock: systemClock,
    ownPaths: [tmpdir()],
    ...more,
  };
}

export async function dockerBackend(more: Partial<DockerBackendOptions> = {}): Promise<DockerBackend> {
  const backend = createDockerBackend(dockerOptions(more));
  const status = await backend.probe();
  assert.ok(status.ready, `These tests need a Docker engine with the sandbox image: ${status.detail} ${status.hint ?? ''}`);
  return backend;
}

export const shell = (command: string, more: Partial<ExecRequest> = {}): ExecRequest => ({
  command: { shell: command },
  timeoutMs: 60_000,
  maxOutputBytes: 100_000,
  ...more,
});

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
