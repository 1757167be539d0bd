/** Modes of what holds secrets: state directory, configuration, credentials, database, log. Mending only takes rights away. */
import { chmod, lstat, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Check, Severity } from '../domain/check.ts';
import { AppError } from '../domain/errors.ts';
import { checkOf, finding, holds } from './check-of.ts';
import type { CheckEdges } from './edges.ts';

interface Rule {
  id: string;
  severity: Severity;
  title: string;
  /** Any of these bits. */
  bits: number;
}

interface Place {
  paths: () => Promise<readonly string[]>;
  /** What it should be. */
  mode: 0o600 | 0o700;
  /** The worst first: a path counts for the first that it breaks. */
  rules: readonly Rule[];
  /** On a hardened host root keeps it for the service's group to read. */
  mayBelongToRoot?: boolean;
}

const reports = ['doctor', 'audit'] as const;

export function modeChecks({ locations, databaseFile, logFile }: CheckEdges): Check[] {
  const { stateDir, configPath, credentialsDir, dotEnvPath } = locations;
  const one = (path: string) => async () => [path];
  return [
    linkCheck('fs.state_dir.symlink', 'The state directory is no link', stateDir),
    ...placeChecks({
      paths: one(stateDir),
      mode: 0o700,
      rules: [
        rule('fs.state_dir.perms_world_writable', 'critical', 0o002, 'Not everybody may write the state directory'),
        rule('fs.state_dir.perms_group_writable', 'warn', 0o020, 'Only the owner may write the state directory'),
        rule('fs.state_dir.perms_readable', 'warn', 0o055, 'Only the owner may read the state directory'),
      ],
    }),
    linkCheck('fs.config.symlink', 'The configuration file is no link', configPath),
    ...placeChecks({
      paths: one(configPath),
      mode: 0o600,
      mayBelongToRoot: true,
      rules: [
        rule('fs.config.perms_writable', 'critical', 0o022, 'Only the owner may write the configuration'),
        rule('fs.config.perms_world_readable', 'critical', 0o004, 'Not everybody may read the configuration'),
        rule('fs.config.perms_group_readable', 'warn', 0o040, 'Only the owner may read the configuration'),
      ],
    }),
    ...placeChecks({
      paths: one(credentialsDir),
      mode: 0o700,
      rules: [
        rule('fs.credentials_dir.perms_writable', 'critical', 0o022, 'Only the owner may write the credentials directory'),
        rule('fs.credentials_dir.perms_readable', 'warn', 0o055, 'Only the owner may read the credentials directory'),
      ],
    }),
    ...placeChecks({
      paths: () => filesIn(credentialsDir),
      mode: 0o600,
      rules: [
        rule('fs.auth_profiles.perms_writable', 'critical', 0o022, 'Only the owner may write credentials'),
        rule('fs.auth_profiles.perms_readable', 'warn', 0o044, 'Only the owner may read credentials'),
      ],
    }),
    single(one(dotEnvPath), rule('fs.dotenv.perms', 'critical', 0o066, 'Only the owner may read and write .env')),
    single(one(databaseFile), rule('fs.sessions_store.perms_readable', 'warn', 0o066, 'Only the owner may read conversations')),
    single(one(logFile), rule('fs.log_file.perms_readable', 'warn', 0o066, 'Only the owner may read the log')),
    copiesCheck(configPath),
  ].flat();
}

function rule(id: string, severity: Severity, bits: number, title: string): Rule {
  return { id, severity, bits, title };
}

function single(paths: Place['paths'], one: Rule): Check[] {
  return placeChecks({ paths, mode: 0o600, rules: [one] });
}

function placeChecks(place: Place): Check[] {
  return place.rules.map((one) =>
    checkOf({
      ...one,
      reports,
      async observe() {
        const broken = await breaking(place, one);
        const remedy = broken.map(({ path }) => `chmod ${octal(place.mode)} ${path}`).join('; ');
        if (broken.length === 0) return holds('the mode is as it should be');
        return finding(broken.map(({ path, mode }) => `${path} has mode ${octal(mode)}`).join('; '), remedy);
      },
      mending: {
        changes: `The mode becomes ${octal(place.mode)}; nobody but the owner gets in.`,
        narrowsOnly: true,
        async mend() {
          const broken = await breaking(place, one);
          for (const { path } of broken) await narrow(path, place.mode);
          return broken.map(({ path }) => `chmod ${octal(place.mode)} ${path}`).join('; ');
        },
      },
    }),
  );
}

interface Broken {
  path: string;
  mode: number;
}

async function breaking(place: Place, one: Rule): Promise<Broken[]> {
  const found = await Promise.all((await place.paths()).map((path) => modeOf(path, place.mayBelongToRoot === true)));
  return found.filter((at) => at !== undefined).filter(({ mode }) => place.rules.find(({ bits }) => mode & bits) === one);
}

/** Undefined where there is nothing, or where root keeps it for its reader. */
async function modeOf(path: string, mayBelongToRoot: boolean): Promise<Broken | undefined> {
  try {
    const { mode, uid, gid } = await stat(path);
    const keptByRoot = mayBelongToRoot && uid === 0 && gid !== 0 && (mode & 0o777) === 0o640;
    return keptByRoot ? undefined : { path, mode: mode & 0o777 };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A link is left alone: what it points at may be somebody else's. */
async function narrow(path: string, mode: number): Promise<void> {
  if ((await lstat(path)).isSymbolicLink()) {
    throw new AppError('denied', `${path} is a link and is left as it is`, { hint: 'Put the file itself there.' });
  }
  await chmod(path, mode);
}

function linkCheck(id: string, title: string, path: string): Check {
  return checkOf({
    id,
    title,
    severity: 'warn',
    reports,
    async observe() {
      const isLink = await lstat(path).then(
        (stats) => stats.isSymbolicLink(),
        (error: unknown) => (isMissing(error) ? false : Promise.reject(error as Error)),
      );
      return isLink
        ? finding(`${path} is a link: whoever owns its target decides`, `Move what it points at to ${path}`)
        : holds('no link');
    },
  });
}

/** Old copies keep old secrets. */
function copiesCheck(configPath: string): Check {
  const copies = async (): Promise<string[]> => {
    const name = configPath.slice(dirname(configPath).length + 1);
    const all = await filesIn(dirname(configPath));
    return all.filter((path) => path.startsWith(join(dirname(configPath), `${name}.`)));
  };
  return checkOf({
    id: 'fs.config.copies',
    title: 'No copies of the configuration lie about',
    severity: 'warn',
    reports: ['audit'],
    async observe() {
      const found = await copies();
      return found.length === 0
        ? holds('none')
        : finding(`old secrets may stand in ${found.join(', ')}`, `Look at them, then: rm ${found.join(' ')}`);
    },
  });
}

async function filesIn(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(directory, entry.name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8);
}
