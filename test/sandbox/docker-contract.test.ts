import { sandboxContract } from '../contracts/sandbox.ts';
import { dockerBackend, dockerSpec } from './docker-bed.ts';

sandboxContract('docker', async () => ({ backend: await dockerBackend({ poolSize: 1 }), spec: dockerSpec() }));
