import { createHostBackend } from '../../src/sandbox/host.ts';
import { toolBehaviour } from './behaviour.ts';
import { makeToolBed } from './tool-bed.ts';

toolBehaviour('the host', () => makeToolBed(createHostBackend({ environment: process.env })));
