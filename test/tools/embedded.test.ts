import { createEmbeddedBackend } from '../../src/sandbox/embedded/backend.ts';
import { tools } from '../../src/tools/index.ts';
import { toolContract } from '../contracts/tool.ts';
import { toolBehaviour } from './behaviour.ts';
import { examples } from './examples.ts';
import { makeToolBed } from './tool-bed.ts';

toolContract('embedded', () => makeToolBed(createEmbeddedBackend()), tools, examples);
toolBehaviour('the embedded sandbox', () => makeToolBed(createEmbeddedBackend()));
