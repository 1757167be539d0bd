/**
 * Layer 2: the program. Node and the release under a root-owned prefix; a second copy from which `repair` restores it without a network;
 * `openclaw` on everybody's PATH, and where the document's commands look for it.
 */
import { dirname } from 'node:path';
import type { Check } from '../../domain/check.ts';
import type { Layer, LayerInput } from '../engine/layer.ts';
import { finding, holds, hostCheck, unobserved } from '../engine/observations.ts';
import { hostStateFolder } from '../engine/journal.ts';
import type { Machine } from '../engine/machine.ts';
import type { Resource } from '../engine/resource.ts';
import { commandPath, currentRelease, layoutOf, layoutsOf, programRoot, type Layout } from '../layout.ts';
import { runAs } from '../probe/as-user.ts';
import { manifestName, releaseFiles, rootFileSystem, type ReleaseFile } from '../program/release.ts';
import { directoryResource, fileResource, linkResource, rootOwned } from '../resources/file.ts';
import { treeResource } from '../resources/tree.ts';

const REPAIR = 'openclaw host repair --only program';

export const program: Layer = {
  id: 'program',
  title: 'The program',
  rows: [8],
  async resources({ machine, settings, program: { root, version } }) {
    const installed = `${programRoot}/releases/${version}`;
    const kept = keptRelease(version);
    const files = releaseFiles(await soundRoot(machine, root, [kept, installed]));
    const ran = files.filter((file) => file.path !== rootFileSystem);
    return [
      directoryResource({ path: programRoot, ...rootOwned(0o755) }),
      treeResource({ folder: kept, files, copies: [installed, kept] }),
      treeResource({ folder: installed, files: ran, copies: [kept, installed] }),
      ...recordedManifest(files),
      linkResource({ path: currentRelease, target: `releases/${version}` }),
      fileResource({ path: commandPath, content: commandText(layoutOf(settings)), ...rootOwned(0o755) }),
      ...layoutsOf(settings).flatMap(documentBinary),
    ];
  },
  checks: (input) => [
    ...layoutsOf(input.settings).map((layout) => cannotWrite(input, layout)),
    hostCheck({
      id: 'program.runs',
      title: '`openclaw` runs for the service as the document calls it',
      rows: [8],
      observe: () => runsAsDocumented(input),
    }),
  ],
};

export function keptRelease(version: string): string {
  return `${programRoot}/kept/${version}`;
}

const recordPath = `${hostStateFolder}/release.sha256`;

/** Which manifest is the right one, written down where only root reads: a damaged copy must not speak for itself. */
function recordedManifest(files: readonly ReleaseFile[]): Resource[] {
  const manifest = files.find((file) => file.path === manifestName);
  return manifest ? [fileResource({ path: recordPath, content: `${manifest.sha256}\n`, ...rootOwned(0o600) })] : [];
}

/** An unpacked release speaks for itself; of the installed copies the one counts whose manifest is the recorded one. */
async function soundRoot(machine: Machine, root: string, copies: readonly string[]): Promise<string> {
  if (!machine.live || !root.startsWith(`${programRoot}/`)) return root;
  const recorded = (await machine.read(recordPath))?.toString('utf8').trim();
  for (const copy of copies) if ((await machine.digest(`${copy}/${manifestName}`)) === recorded) return copy;
  return root;
}

/** The deployed gateway's own places, unless the caller names others. */
function commandText(layout: Layout): string {
  return [
    '#!/bin/sh',
    '# The configuration and the state of the gateway of this host, unless the caller names others.',
    `export OPENCLAW_STATE_DIR="\${OPENCLAW_STATE_DIR:-${layout.stateDir}}"`,
    `export OPENCLAW_CONFIG_PATH="\${OPENCLAW_CONFIG_PATH:-${layout.configFile}}"`,
    `exec ${currentRelease}/bin/openclaw "$@"`,
    '',
  ].join('\n');
}

/** `~openclaw-svc/.npm-global/bin/openclaw`: the document's own file under `reference`, a link in a root-owned folder under `hardened`. */
function documentBinary(layout: Layout): Resource[] {
  const bin = dirname(layout.documentBinary);
  const owner = layout.profile === 'reference' ? { user: layout.user, group: layout.user, mode: 0o755 } : rootOwned(0o755);
  const folders = [dirname(bin), bin].map((path) => directoryResource({ path, ...owner }));
  const text = `#!/bin/sh\nexport OPENCLAW_STATE_DIR="\${OPENCLAW_STATE_DIR:-${layout.stateDir}}"\nexport OPENCLAW_CONFIG_PATH="\${OPENCLAW_CONFIG_PATH:-${layout.configFile}}"\nexec ${commandPath} "$@"\n`;
  return [...folders, fileResource({ path: layout.documentBinary, content: text, ...owner })];
}

function cannotWrite({ machine }: LayerInput, layout: Layout): Check {
  return hostCheck({
    id: `program.${layout.user}.read-only`,
    title: `${layout.user} cannot change the program`,
    rows: [8],
    async observe() {
      const script = `${currentRelease}/bin/openclaw`;
      if (!(await machine.state(currentRelease))) return unobserved('the program is not installed', 'openclaw host apply');
      const attempt = await runAs(machine, { user: layout.user }, [
        'sh',
        '-c',
        `for f in ${script} ${currentRelease}/dist ${currentRelease}/node/bin/node ${commandPath}; do test -w "$f" && echo "$f"; done; true`,
      ]);
      return attempt.stdout.trim()
        ? finding(`it can write ${attempt.stdout.trim().replaceAll('\n', ', ')}`, REPAIR)
        : holds('every attempt is refused');
    },
  });
}

async function runsAsDocumented({ machine, settings }: LayerInput): Promise<ReturnType<typeof holds>> {
  const layout = layoutOf(settings);
  const text = 'export PATH=$HOME/.npm-global/bin:$PATH; openclaw --version';
  const result = await runAs(machine, { user: layout.user }, ['env', `HOME=${layout.home}`, 'bash', '-c', text]);
  return result.code === 0
    ? holds(result.stdout.trim())
    : finding(`it does not run: ${result.stderr.trim().slice(0, 200)}`, REPAIR);
}
