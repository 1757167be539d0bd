/** Layer 12: the places for backups and updates: a schedule where a target is chosen, and folders for what shall run around an update. */
import type { Layer } from '../engine/layer.ts';
import { hostCheck, unobserved, holds } from '../engine/observations.ts';
import { jobsOf } from '../jobs/list.ts';
import { directoryResource, rootOwned } from '../resources/file.ts';
import { jobChecks, timerOf } from './jobs.ts';

const HOOKS = '/etc/openclaw/hooks';

export const backup: Layer = {
  id: 'backup',
  title: 'Backup and update hooks',
  rows: [],
  resources: ({ settings }) =>
    Promise.resolve([
      ...[HOOKS, `${HOOKS}/before-update.d`, `${HOOKS}/after-update.d`].map((path) =>
        directoryResource({ path, ...rootOwned(0o755) }),
      ),
      ...jobsOf(settings)
        .filter(({ name }) => name === 'backup')
        .flatMap(timerOf),
    ]),
  checks: (input) => {
    const { target } = input.settings.backup;
    const chosen = hostCheck({
      id: 'backup.target',
      title: 'A backup target is chosen',
      severity: 'warn',
      rows: [],
      observe: () =>
        Promise.resolve(
          target ? holds(target) : unobserved('none is chosen', 'backup: { target: "/path" } in /etc/openclaw/host.json5'),
        ),
    });
    return [
      chosen,
      ...jobsOf(input.settings)
        .filter(({ name }) => name === 'backup')
        .flatMap((job) => jobChecks(input, job)),
    ];
  },
};
