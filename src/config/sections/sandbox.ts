/** `sandbox` of the agents: where tools run, and what such a place is allowed. */
import * as z from 'zod';
import { setting, type SettingFacts } from '../../domain/setting.ts';
import { byteSize, group, only } from './field.ts';

const dockerShape = {
  image: setting(
    z
      .string()
      .regex(/^[a-z0-9][\w./:@-]{0,254}$/i)
      .default('openclaw-sandbox:bookworm-slim'),
    {
      description: 'The image. `openclaw sandbox build` makes the standard one.',
      expects: 'the name of an image',
    },
  ),
  workdir: setting(
    z
      .string()
      .regex(/^\/(?!proc|sys|dev)[a-z0-9._-]+(?:\/[a-z0-9._-]+)*$/i)
      .default('/workspace'),
    {
      description: 'Where the workspace appears inside.',
      expects: 'an absolute path inside the sandbox',
    },
  ),
  network: only('none', {
    description: 'The network of the sandbox.',
    because: 'A sandbox with a network could send away whatever it reads. Tools that need the net do not run in it.',
  }),
  readOnlyRoot: setting(z.boolean().default(true), { description: 'The root file system cannot be written; /tmp can.' }),
  memory: byteSize({ description: 'Most memory of one sandbox.' }, '512m'),
  cpus: setting(z.number().min(0.05).max(256).default(1), { description: 'Most processor time of one sandbox.', unit: 'cores' }),
  pidsLimit: setting(z.int().min(16).max(32768).default(256), { description: 'Most processes of one sandbox.' }),
  ulimits: group({
    nofile: setting(z.int().min(64).max(1_048_576).default(1024), { description: 'Most open files of one process.' }),
  }),
  tmpfsSize: byteSize({ description: 'Size of each writable directory in memory (/tmp, /var/tmp, /run).' }, '64m'),
};

const engine = {
  socketPath: setting(z.string().startsWith('/').optional(), {
    description: 'The Docker Engine’s socket.',
    expects: 'an absolute path',
    defaultText: 'what DOCKER_HOST names, else /var/run/docker.sock',
    restart: 'gateway',
  }),
};

/** What each agent may have its own way. */
const sandboxShape = {
  mode: setting(z.enum(['all', 'non-main', 'off']).default('all'), {
    description:
      'Which conversations run their tools in a sandbox: all; all but the owner’s main conversation; none, then tools run on the host as the gateway’s user.',
  }),
  scope: setting(z.enum(['session', 'agent', 'shared']).default('session'), {
    description: 'Who shares a sandbox: nobody, all conversations of an agent, or everybody.',
  }),
  workspaceAccess: setting(z.enum(['none', 'ro', 'rw']).default('ro'), {
    description: 'How the agent’s workspace is mounted at the working directory: not at all, read-only, writable.',
  }),
  poolSize: setting(z.int().min(0).max(64).default(1), {
    description: 'Sandboxes that wait unassigned, so that the first tool call of a conversation is quick.',
  }),
  prune: group({
    idleHours: setting(z.number().min(0.01).max(720).default(1), {
      description: 'A sandbox is destroyed after this long without a tool call.',
      unit: 'hours',
    }),
  }),
};

const DESCRIPTION = { description: 'Where tools run, and what such a place is allowed.' } satisfies SettingFacts;

/** Of one agent. */
export const agentSandboxSection = () => group({ ...sandboxShape, docker: group(dockerShape) }, DESCRIPTION);

/** Of all agents: also what there is only once. */
export const sandboxSection = group(
  {
    backend: setting(z.enum(['auto', 'docker', 'embedded']).default('auto'), {
      description:
        'Docker; the embedded sandbox (a shell interpreter on a virtual file system); or, with auto, Docker where an engine answers at the start and has the image, else the embedded one.',
      restart: 'gateway',
    }),
    maxConcurrent: setting(z.int().min(1).max(1024).default(16), {
      description: 'Most sandboxes in use at once, over all agents. A tool call beyond it waits.',
      restart: 'gateway',
    }),
    ...sandboxShape,
    docker: group({ ...dockerShape, ...engine }),
  },
  DESCRIPTION,
);
