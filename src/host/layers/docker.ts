/**
 * Layer 3: the Docker daemon. Its settings are merged into what was there, it is restarted at most once, and the sandbox image is the one
 * that the release carries, layer for layer.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Observation } from '../../domain/check.ts';
import { hostStateFolder } from '../engine/journal.ts';
import type { Layer, LayerInput } from '../engine/layer.ts';
import { finding, holds, hostCheck, restarting, unobserved } from '../engine/observations.ts';
import type { Machine } from '../engine/machine.ts';
import type { Resource, Trigger } from '../engine/resource.ts';
import { releaseFiles, rootFileSystem } from '../program/release.ts';
import { fileResource, rootOwned } from '../resources/file.ts';
import { merge, parseObject, type JsonObject } from '../resources/json-file.ts';
import { mustRun } from '../resources/must-run.ts';
import { missingOf, packagesResource } from '../resources/package.ts';
import { unitResource } from '../resources/unit.ts';
import { listeners } from '../probe/sockets.ts';
import type { HostSettings } from '../settings/schema.ts';
import { keptRelease } from './program.ts';

const REPAIR = 'openclaw host repair --only docker';
const daemonFile = '/etc/docker/daemon.json';
const foundPath = `${hostStateFolder}/daemon-found.json`;
export const sandboxImage = 'openclaw-sandbox:bookworm-slim';

/** Once, and with its counter of starts cleared: systemd refuses a unit that was started too often. */
const restart: Trigger = {
  name: 'restart docker',
  commands: [
    ['-systemctl', 'reset-failed', 'docker.service'],
    ['systemctl', 'restart', 'docker.service'],
    ['docker', 'version', '--format', '{{.Server.Version}}'],
  ],
};

export const docker: Layer = {
  id: 'docker',
  title: 'Docker',
  rows: [12],
  async resources({ machine, settings, facts, program }) {
    const found = await daemonFound(machine);
    const wanted = merge(ourDaemon(settings), parseObject(found, daemonFile));
    return [
      packagesResource(await enginePackages(machine, facts.distribution), ['ufw']),
      fileResource({ path: foundPath, content: found, keepContent: true, ...rootOwned(0o600) }),
      fileResource({
        path: daemonFile,
        content: `${JSON.stringify(wanted, undefined, 2)}\n`,
        ...rootOwned(0o644),
        triggers: [restart],
      }),
      unitResource({ name: 'docker.service', enabled: true, active: true }),
      ...imageOf(program.root, keptRelease(program.version)),
    ];
  },
  checks: (input) => [
    hostCheck({
      id: 'docker.daemon',
      title: 'The daemon runs with our settings',
      rows: [12],
      observe: () => daemonRuns(input),
      mending: restarting(input.machine, 'docker.service'),
    }),
    hostCheck({
      id: 'docker.sandbox',
      title: 'A sandbox has no root and its limits',
      rows: [12],
      observe: () => sandboxHolds(input),
    }),
    hostCheck({ id: 'docker.no-tcp', title: 'The engine does not listen on TCP', rows: [5, 12], observe: () => noTcp(input) }),
  ],
};

/** What a person had in the file before us, remembered at the first apply. */
async function daemonFound(machine: Machine): Promise<string> {
  const remembered = await machine.read(foundPath);
  return (remembered ?? (await machine.read(daemonFile)))?.toString('utf8') ?? '{}\n';
}

function ourDaemon(settings: HostSettings): JsonObject {
  const files = { Name: 'nofile', Hard: 1024, Soft: 1024 };
  const documents: JsonObject = { 'log-driver': 'json-file', 'log-opts': { 'max-size': '10m', 'max-file': '3' } };
  if (settings.profile === 'reference') {
    return { 'default-ulimits': { nofile: files, nproc: { Name: 'nproc', Hard: 256, Soft: 256 } }, ...documents };
  }
  // No nproc: it counts a uid's processes over all containers. Sandboxes have a limit of their own, by cgroup.
  return {
    icc: false,
    'no-new-privileges': true,
    'live-restore': true,
    'userland-proxy': false,
    'default-ulimits': { nofile: files },
    ...documents,
  };
}

/** Docker's own packages count as well; on a bare host the distribution's are taken. */
async function enginePackages(machine: Machine, distribution: { id: string; version: string }): Promise<string[]> {
  if ((await missingOf(machine, ['docker-ce'])).length === 0) return ['docker-ce', 'docker-ce-cli'];
  const separateClient = distribution.id === 'debian' && Number.parseInt(distribution.version, 10) >= 13;
  return separateClient ? ['docker.io', 'docker-cli'] : ['docker.io'];
}

/** Nothing in a checkout, which carries no root file system: `openclaw sandbox build` makes the image there. */
function imageOf(root: string, kept: string): Resource[] {
  const folder = [root, kept].find((one) => existsSync(join(one, rootFileSystem)));
  if (!folder) return [];
  const tar = join(folder, rootFileSystem);
  return [
    {
      id: `image:${sandboxImage}`,
      after: [restart.name],
      async inspect(machine) {
        const wanted = releaseFiles(folder).find((file) => file.path === rootFileSystem)?.sha256;
        if (!machine.live || (await imageLayer(machine)) === `sha256:${wanted}`) return undefined;
        return {
          summary: `import the sandbox image ${sandboxImage}`,
          diff: [],
          undo: { kind: 'commands', commands: [['docker', 'image', 'rm', sandboxImage]] },
          triggers: [],
          apply: async () =>
            void (await mustRun(machine, 'docker', ['import', ...importChanges, tar, sandboxImage], { timeoutMs: 300_000 })),
        };
      },
    },
  ];
}

const importChanges = ['-c', 'USER sandbox', '-c', 'WORKDIR /home/sandbox', '-c', 'CMD ["sleep","infinity"]'];

/** The hash of an imported image's only layer is the hash of the archive that it was made of. */
async function imageLayer(machine: Machine): Promise<string | undefined> {
  const shown = await machine.run('docker', [
    'image',
    'inspect',
    '--format',
    '{{json .RootFS.Layers}} {{.Config.User}}',
    sandboxImage,
  ]);
  return /^\["(sha256:[0-9a-f]{64})"\] sandbox$/.exec(shown.stdout.trim())?.[1];
}

interface DockerInfo {
  LoggingDriver?: string;
  LiveRestoreEnabled?: boolean;
}

async function daemonRuns({ machine, settings }: LayerInput): Promise<Observation> {
  const asked = await machine.run('docker', ['info', '--format', '{{json .}}']);
  if (asked.code !== 0) return finding(`the daemon does not answer: ${asked.stderr.trim().slice(0, 200)}`, REPAIR);
  const info = JSON.parse(asked.stdout) as DockerInfo;
  if (settings.profile === 'reference') return holds(`it logs by ${info.LoggingDriver ?? 'its default'}`);
  if (!info.LiveRestoreEnabled) return finding('it runs without live-restore', 'systemctl restart docker');
  return holds(`it runs with live-restore, and logs by ${info.LoggingDriver ?? 'its default'}`);
}

async function sandboxHolds({ machine, settings }: LayerInput): Promise<Observation> {
  if ((await machine.run('docker', ['image', 'inspect', sandboxImage])).code !== 0) {
    return unobserved(`there is no image ${sandboxImage}`, 'openclaw sandbox build');
  }
  const script =
    'id -u; ulimit -n; cat /proc/net/dev | wc -l; touch /probe 2>/dev/null && echo writable || echo read-only; grep -c "NoNewPrivs:.1" /proc/self/status; true';
  const flags = ['--rm', '--network', 'none', '--read-only', '--cap-drop', 'ALL', '--label', 'openclaw.probe=1'];
  const ran = await machine.run('docker', ['run', ...flags, sandboxImage, 'sh', '-c', script], { timeoutMs: 20_000 });
  const [uid, files, devices, root, barred] = ran.stdout.trim().split('\n');
  if (ran.code !== 0) return finding(`a sandbox does not start: ${ran.stderr.trim().slice(0, 200)}`, REPAIR);
  const wrong = [
    ...(uid === '0' ? ['its user is root'] : []),
    ...(files === '1024' ? [] : [`it may open ${files} files`]),
    ...(devices === '3' ? [] : ['it has a network']),
    ...(root === 'read-only' ? [] : ['its root can be written']),
    // The daemon's own default, not a flag of ours: it holds for every container.
    ...(barred === '1' || settings.profile === 'reference' ? [] : ['it may gain privileges']),
  ];
  return wrong.length ? finding(wrong.join('; '), REPAIR) : holds(`user ${uid}, 1024 files, no network, read-only root`);
}

async function noTcp({ machine }: LayerInput): Promise<Observation> {
  const open = (await listeners(machine)).filter(({ port }) => port === 2375 || port === 2376);
  return open.length
    ? finding(
        `port ${open[0]?.port} is open: whoever reaches it is root here`,
        'Remove "hosts" from /etc/docker/daemon.json and restart docker',
      )
    : holds('ports 2375 and 2376 are closed');
}
