/** `sandbox` of the agents: where tools run, and what such a place is allowed. */
import * as z from 'zod/mini';
import { setting, type SettingFacts } from '../../domain/setting.ts';
import { byteSize, group, only } from './field.ts';

const dockerShape = {
  image: setting(z._default(z.string().check(z.regex(/^[a-z0-9][\w./:@-]{0,254}$/i)), 'openclaw-sandbox:bookworm-slim'), {
    description: 'The image. `openclaw sandbox build` makes the standard one.',
    expects: 'the name of an image',
  }),
  workdir: setting(z._default(z.string().check(z.regex(/^\/(?!proc|sys|dev)[a-z0-9._-]+(?:\/[a-z0-9._-]+)*$/i)), '/workspace'), {
    description: 'Where the workspace appears inside.',
    expects: 'an absolute path inside the sandbox',
  }),
  network: only('none', {
    description: 'The network of the sandbox.',
    because: 'A sandbox with a network could send away whatever it reads. Tools that need the net do not run in it.',
  }),
  readOnlyRoot: setting(z._default(z.boolean(), true), { description: 'The root file system cannot be written; /tmp can.' }),
  memory: byteSize({ description: 'Most memory of one sandbox.' }, '512m'),
  cpus: setting(z._default(z.number().check(z.gte(0.05), z.lte(256)), 1), {
    description: 'Most processor time of one sandbox.',
    unit: 'cores',
  }),
  pidsLimit: setting(z._default(z.int().check(z.gte(16), z.lte(32768)), 256), { description: 'Most processes of one sandbox.' }),
  ulimits: group({
    nofile: setting(z._default(z.int().check(z.gte(64), z.lte(1_048_576)), 1024), {
      description: 'Most open files of one process.',
    }),
  }),
  tmpfsSize: byteSize({ description: 'Size of each writable directory in memory (/tmp, /var/tmp, /run).' }, '64m'),
};

const engine = {
  socketPath: setting(z.optional(z.string().check(z.startsWith('/'))), {
    description: 'The Docker Engine’s socket.',
    expects: 'an absolute path',
    defaultText: 'what DOCKER_HOST names, else /var/run/docker.sock',
    restart: 'gateway',
  }),
};

/** What each agent may have its own way. */
const sandboxShape = {
  mode: setting(z._default(z.enum(['all', 'non-main', 'off']), 'all'), {
    description:
      'Which conversations run their tools in a sandbox: all; all but the owner’s main conversation; none, then tools run on the host as the gateway’s user.',
  }),
  scope: setting(z._default(z.enum(['session', 'agent', 'shared']), 'session'), {
    description: 'Who shares a sandbox: nobody, all conversations of an agent, or everybody.',
  }),
  workspaceAccess: setting(z._default(z.enum(['none', 'ro', 'rw']), 'ro'), {
    description: 'How the agent’s workspace is mounted at the working directory: not at all, read-only, writable.',
  }),
  poolSize: setting(z._default(z.int().check(z.gte(0), z.lte(64)), 1), {
    description: 'Sandboxes that wait unassigned, so that the first tool call of a conversation is quick.',
  }),
  prune: group({
    idleHours: setting(z._default(z.number().check(z.gte(0.01), z.lte(720)), 1), {
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
    backend: setting(z._default(z.enum(['auto', 'docker', 'embedded']), 'auto'), {
      description:
        'Docker; the embedded sandbox (a shell interpreter on a virtual file system); or, with auto, Docker where an engine answers at the start and has the image, else the embedded one.',
      restart: 'gateway',
    }),
    maxConcurrent: setting(z._default(z.int().check(z.gte(1), z.lte(1024)), 16), {
      description: 'Most sandboxes in use at once, over all agents. A tool call beyond it waits.',
      restart: 'gateway',
    }),
    ...sandboxShape,
    docker: group({ ...dockerShape, ...engine }),
  },
  DESCRIPTION,
);
