/**
 * Layer 10: who the agent is. SOUL.md and the other files that reach the prompt belong to root, and so do the folders above them:
 * the service can neither write them nor put others in their place. A change is noticed in seconds and taken back.
 */
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import type { Check } from '../../domain/check.ts';
import { hostStateFolder } from '../engine/journal.ts';
import type { Layer, LayerInput } from '../engine/layer.ts';
import { finding, holds, hostCheck, unobserved } from '../engine/observations.ts';
import type { Resource } from '../engine/resource.ts';
import { identityFiles, wantedText } from '../identity/files.ts';
import { commandPath, layoutsOf, type Layout } from '../layout.ts';
import { movesThatWork } from '../probe/as-user.ts';
import { directoryResource, fileResource, rootOwned } from '../resources/file.ts';
import { daemonReload, restartTrigger, unitProperties, unitResource } from '../resources/unit.ts';
import { renderUnit } from '../units/unit-file.ts';

const REPAIR = 'openclaw host repair --only identity';
const READ_ONLY = 0o444;
export const watchUnit = 'openclaw-identity-watch';

export const identity: Layer = {
  id: 'identity',
  title: 'Agent identity',
  rows: [11],
  async resources(input) {
    const perInstance = await Promise.all(layoutsOf(input.settings).map((layout) => identityOf(input, layout)));
    return [...perInstance.flat(), ...watch(layoutsOf(input.settings))];
  },
  checks: (input) => layoutsOf(input.settings).flatMap((layout) => [baseline(input, layout), attack(input, layout)]),
};

async function identityOf({ machine }: LayerInput, layout: Layout): Promise<Resource[]> {
  const { user } = layout;
  const files = await Promise.all(
    identityFiles(layout).map(async (file) => ({ ...file, wanted: await wantedText(machine, file) })),
  );
  const sums = files.map(({ path, wanted }) => `${createHash('sha256').update(wanted).digest('hex')}  ${path}\n`);
  const originals = dirname(files[0]?.original ?? hostStateFolder);
  return [
    ...foldersOf(layout),
    directoryResource({ path: dirname(originals), ...rootOwned(0o700) }),
    directoryResource({ path: originals, ...rootOwned(0o700) }),
    ...files.map(({ original, wanted }) => fileResource({ path: original, content: wanted, ...rootOwned(0o600) })),
    ...files.map(({ path, wanted }) => fileResource({ path, content: wanted, user: 'root', group: user, mode: READ_ONLY })),
    fileResource({ path: layout.soulBaseline, content: sums.join(''), ...rootOwned(0o644) }),
  ];
}

/** Sticky: the service may add files to its workspace, but neither remove nor rename what is root's. */
function foldersOf({ profile, user, configDir, workspace }: Layout): Resource[] {
  if (profile === 'reference') return [directoryResource({ path: configDir, user, group: user, mode: 0o700 })];
  return [
    directoryResource({ path: configDir, user: 'root', group: user, mode: 0o750 }),
    directoryResource({ path: dirname(workspace), ...rootOwned(0o755) }),
    directoryResource({ path: workspace, user: 'root', group: user, mode: 0o1770 }),
  ];
}

/** systemd looks at the files; the job compares with the originals and restores. */
function watch(layouts: readonly Layout[]): Resource[] {
  const paths = layouts.flatMap((layout) => identityFiles(layout).map(({ path }) => path));
  const folder = '/etc/systemd/system';
  const triggers = [daemonReload, restartTrigger(`${watchUnit}.path`)];
  const path = renderUnit({
    description: 'OpenClaw: notices changes of the agent’s identity',
    sections: [
      {
        name: 'Path',
        directives: [
          ['PathChanged', paths],
          ['Unit', `${watchUnit}.service`],
        ],
      },
      { name: 'Install', directives: [['WantedBy', 'multi-user.target']] },
    ],
  });
  const service = renderUnit({
    description: 'OpenClaw: restores the agent’s identity',
    sections: [
      {
        name: 'Unit',
        directives: [
          ['StartLimitIntervalSec', '10'],
          ['StartLimitBurst', '20'],
        ],
      },
      {
        name: 'Service',
        directives: [
          ['Type', 'oneshot'],
          ['ExecStart', `${commandPath} host job identity`],
        ],
      },
    ],
  });
  return [
    fileResource({ path: `${folder}/${watchUnit}.service`, content: service, ...rootOwned(0o644), triggers }),
    fileResource({ path: `${folder}/${watchUnit}.path`, content: path, ...rootOwned(0o644), triggers }),
    unitResource({ name: `${watchUnit}.path`, enabled: true, active: true }),
  ];
}

/** The document's own command. */
function baseline({ machine }: LayerInput, layout: Layout): Check {
  return hostCheck({
    id: `identity.${layout.unit}.baseline`,
    title: 'The agent’s files are what the baseline says',
    rows: [11],
    async observe() {
      const said = await machine.run('sha256sum', ['-c', '--quiet', layout.soulBaseline]);
      return said.code === 0
        ? holds(`sha256sum -c ${layout.soulBaseline}`)
        : finding(said.stdout.trim().split('\n')[0] || said.stderr.trim(), REPAIR);
    },
  });
}

/** Tried as the service user, inside of the running service's own view of the file system. */
function attack({ machine }: LayerInput, layout: Layout): Check {
  return hostCheck({
    id: `identity.${layout.unit}.attack`,
    title: 'The service cannot change who the agent is',
    rows: [11],
    async observe() {
      const pid = Number((await unitProperties(machine, `${layout.unit}.service`, ['MainPID'])).MainPID ?? 0);
      const attempt = pid > 0 ? { user: layout.user, insideOf: pid } : { user: layout.user };
      const worked = await movesThatWork(
        machine,
        attempt,
        identityFiles(layout).map(({ path }) => path),
      );
      if (!worked) return unobserved('the attempt could not be made: the program is not installed yet');
      if (worked.length === 0) return holds('write, chmod, rename and rename of the folder are refused');
      // The document's layout leaves the folder to the service; the watch takes a change back.
      if (layout.profile === 'reference')
        return unobserved(
          `the document’s layout allows: ${worked.join(', ')}; a change is taken back in seconds`,
          'profile: "hardened" in /etc/openclaw/host.json5',
        );
      return finding(`these worked: ${worked.join(', ')}`, REPAIR);
    },
  });
}
