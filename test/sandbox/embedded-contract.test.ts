import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedBackend } from '../../src/sandbox/embedded/backend.ts';
import { sandboxContract } from '../contracts/sandbox.ts';

sandboxContract('embedded', async () => ({
  backend: createEmbeddedBackend(),
  spec: {
    agentId: 'main',
    image: 'embedded',
    workspace: await mkdtemp(join(tmpdir(), 'openclaw-embedded-')),
    access: 'rw',
    workdir: '/workspace',
    readOnlyRoot: true,
    network: 'none',
    limits: { memoryBytes: 512 * 1_048_576, cpus: 1, processes: 256, openFiles: 1024, scratchBytes: 64 * 1_048_576 },
  },
}));
