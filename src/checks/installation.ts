/** Can this installation do its job: Node, configuration, directories, database, clock, disk, models. */
import { lstat, access, constants } from 'node:fs/promises';
import { configModel } from '../config/model.ts';
import { secretPaths } from '../config/known.ts';
import { formatPath, valueAt } from '../config/path.ts';
import { ConfigError, describeProblem } from '../config/problems.ts';
import { referenceKind } from '../config/references.ts';
import type { Check } from '../domain/check.ts';
import { messageOf } from '../domain/errors.ts';
import { checkOf, finding, holds, unobserved } from './check-of.ts';
import { readSaid } from './config-file.ts';
import type { CheckEdges } from './edges.ts';

const OLDEST_NODE = 22;
/** Before the first release of this program no clock can be right. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const MEGABYTE = 1_000_000;
const DISK_LOW = 1_000 * MEGABYTE;
const DISK_FULL = 200 * MEGABYTE;

export function installationChecks(edges: CheckEdges): Check[] {
  return [node(edges), config(edges), literalSecrets(edges), state(edges), database(edges, false), database(edges, true)].concat([
    clock(edges),
    disk(edges),
    modelKey(edges),
    modelAnswers(edges),
  ]);
}

function node({ nodeVersion }: CheckEdges): Check {
  return checkOf({
    id: 'runtime.node',
    title: 'Node is new enough',
    severity: 'critical',
    reports: ['doctor'],
    async observe() {
      return Number.parseInt(nodeVersion, 10) >= OLDEST_NODE
        ? holds(nodeVersion)
        : finding(`Node ${nodeVersion}`, `Install Node ${OLDEST_NODE} or newer`);
    },
  });
}

function config({ config: { error, loaded }, locations }: CheckEdges): Check {
  return checkOf({
    id: 'config.valid',
    title: 'The configuration loads',
    severity: 'critical',
    reports: ['doctor', 'audit'],
    async observe() {
      if (error instanceof ConfigError) {
        return finding(error.problems.map(describeProblem).join('\n'), 'Mend the file, then: openclaw config validate');
      }
      if (error) return finding(error.message, error.hint ?? 'Look at the file');
      const notes = loaded?.notes ?? [];
      if (notes.length > 0) return finding(notes.map(describeProblem).join('\n'), 'openclaw config validate');
      return holds(loaded?.exists ? locations.configPath : 'there is no file, so every default counts');
    },
  });
}

/** In a file of mode 0600 it is a remark; the modes have checks of their own. */
function literalSecrets({ config: facts, locations }: CheckEdges): Check {
  return checkOf({
    id: 'config.secrets.literal',
    title: 'Secrets do not stand in the configuration',
    severity: 'info',
    reports: ['audit'],
    async observe() {
      if (facts.loaded?.exists === false) return holds('there is no file');
      const said = readSaid(locations);
      const literal = [...secretPaths(configModel().schema, said)].filter((path) => {
        const value = valueAt(said, path);
        return typeof value === 'string' && !referenceKind(value) && !/^\$\{\w+\}$/.test(value);
      });
      if (literal.length === 0) return holds('none');
      return finding(
        literal.map(formatPath).join(', '),
        'Write file:/path or env:NAME instead, or leave it: the file is yours alone.',
      );
    },
  });
}

function state({ locations: { stateDir } }: CheckEdges): Check {
  return checkOf({
    id: 'state.directory',
    title: 'The state directory can be used',
    severity: 'critical',
    reports: ['doctor'],
    async observe() {
      const stats = await lstat(stateDir).catch(() => undefined);
      if (!stats) return holds('not made yet; the first start makes it');
      const isUsable = await access(stateDir, constants.R_OK | constants.W_OK | constants.X_OK).then(
        () => true,
        () => false,
      );
      return isUsable ? holds(stateDir) : finding(`${stateDir} cannot be written`, `chown -R "$(id -un)" ${stateDir}`);
    },
  });
}

function database({ checkDatabase, databaseFile }: CheckEdges, deep: boolean): Check {
  return checkOf({
    id: deep ? 'database.consistent' : 'database.whole',
    title: deep ? 'What the database says fits together' : 'The database is whole',
    severity: 'critical',
    reports: ['doctor'],
    deep,
    dependsOn: deep ? ['database.whole'] : [],
    async observe() {
      const problems = await checkDatabase(deep).catch((error: unknown) => [messageOf(error)]);
      if (!problems) return holds('there is none yet');
      return problems.length === 0
        ? holds(databaseFile)
        : finding(problems.join('; '), `Keep a copy of ${databaseFile} and restore the last backup`);
    },
  });
}

function clock({ clock: time, databaseFile }: CheckEdges): Check {
  return checkOf({
    id: 'host.clock',
    title: 'The clock is right',
    severity: 'warn',
    reports: ['doctor'],
    async observe() {
      const now = time.now();
      const written = await lstat(databaseFile).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      );
      const remedy = 'timedatectl set-ntp true';
      if (now < EARLIEST_MS) return finding(`it says ${new Date(now).toISOString()}`, remedy);
      if (written > now + DAY_MS)
        return finding(`the database was written at ${new Date(written).toISOString()}, later than now`, remedy);
      return holds(new Date(now).toISOString());
    },
  });
}

function disk({ freeBytes, locations }: CheckEdges): Check {
  return checkOf({
    id: 'host.disk',
    title: 'There is room on the disk',
    severity: 'warn',
    reports: ['doctor'],
    async observe() {
      const free = await freeBytes(locations.stateDir).catch(() => freeBytes(locations.homeDir));
      const words = `${Math.floor(free / MEGABYTE)} MB free`;
      if (free >= DISK_LOW) return holds(words);
      return finding(words, `Free some space: du -sh ${locations.stateDir}`, free < DISK_FULL ? 'critical' : 'warn');
    },
  });
}

function modelKey({ models }: CheckEdges): Check {
  return checkOf({
    id: 'models.key',
    title: 'A model can be used',
    severity: 'critical',
    reports: ['doctor'],
    dependsOn: ['config.valid'],
    async observe() {
      const order = await models();
      const ready = order.find(({ problem }) => problem === undefined);
      if (ready) return holds(ready.model);
      return finding(order.map(({ model, problem }) => `${model}: ${problem}`).join('; '), 'openclaw models status');
    },
  });
}

function modelAnswers({ askModel }: CheckEdges): Check {
  return checkOf({
    id: 'models.answers',
    title: 'The model answers',
    severity: 'critical',
    reports: ['doctor'],
    deep: true,
    dependsOn: ['config.valid', 'models.key'],
    async observe(signal) {
      const failure = await askModel(signal).then(
        () => undefined,
        (error: unknown) => messageOf(error),
      );
      return failure === undefined ? holds('it answered') : finding(failure, 'openclaw models status');
    },
  });
}

/** What only the host's layers give is one remark where they were never made. */
export function hostChecks({ host }: CheckEdges): Check[] {
  return [
    checkOf({
      id: 'host.layers',
      title: 'The host is locked down',
      severity: 'warn',
      rows: [1, 2, 3, 4, 5, 6, 7, 8],
      reports: ['audit'],
      async observe() {
        const { applied, findings } = await host();
        const settle = 'openclaw host verify';
        if (!applied) {
          const missing = 'firewall, service user, its rights on Docker and the owner of SOUL.md are not ours to vouch for';
          return finding(missing, 'sudo openclaw host apply', 'info');
        }
        if (!findings) return unobserved('never verified, or not readable by this user', settle);
        return findings.length > 0 ? finding(findings.join('; '), 'sudo openclaw host repair') : holds('verified');
      },
    }),
  ];
}
