import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHostBackend } from '../../src/sandbox/host.ts';
import { sandboxContract } from '../contracts/sandbox.ts';

const megabyte = 1_048_576;

sandboxContract(
  'host',
  async () => ({
    backend: createHostBackend({ environment: process.env }),
    spec: {
      agentId: 'main',
      image: 'host',
      workspace: await realpath(await mkdtemp(join(tmpdir(), 'openclaw-workspace-'))),
      access: 'rw',
      workdir: '/workspace',
      readOnlyRoot: false,
      network: 'none',
      limits: { memoryBytes: 512 * megabyte, cpus: 1, processes: 256, openFiles: 1024, scratchBytes: 64 * megabyte },
    },
  }),
  { confined: false },
);
