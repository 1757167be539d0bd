import { tools } from '../../src/tools/index.ts';
import { toolContract } from '../contracts/tool.ts';
import { dockerBackend } from '../sandbox/docker-bed.ts';
import { toolBehaviour } from './behaviour.ts';
import { examples } from './examples.ts';
import { makeToolBed } from './tool-bed.ts';

toolContract('docker', async () => makeToolBed(await dockerBackend()), tools, examples);
toolBehaviour('a Docker container', async () => makeToolBed(await dockerBackend()));
