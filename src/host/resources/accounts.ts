/** System accounts and their groups. In a tree the files are written; on a live machine the distribution's own tools are used. */
import type { Change, Resource, Undo } from '../engine/resource.ts';
import type { Machine } from '../engine/machine.ts';
import { AppError } from '../../domain/errors.ts';
import { readAccounts, readGroups, type Account } from './owner.ts';
import { mustRun } from './must-run.ts';

export interface AccountWish {
  name: string;
  home: string;
  shell: string;
  description: string;
  /** Groups besides its own. */
  groups: readonly string[];
}

/** A locked system account with a group of the same name, its shell and its groups exactly as wished. */
export function accountResource(wish: AccountWish): Resource {
  return {
    id: `account:${wish.name}`,
    async inspect(machine) {
      const account = (await readAccounts(machine)).find((one) => one.name === wish.name);
      const differences = account ? await differencesOf(machine, account, wish) : [`+ ${wish.name} ${wish.home} ${wish.shell}`];
      if (differences.length === 0) return undefined;
      return accountChange(machine, { wish, account, differences });
    },
  };
}

async function differencesOf(machine: Machine, account: Account, wish: AccountWish): Promise<string[]> {
  const differences: string[] = [];
  if (account.shell !== wish.shell) differences.push(`- shell ${account.shell}`, `+ shell ${wish.shell}`);
  if (account.home !== wish.home) differences.push(`- home ${account.home}`, `+ home ${wish.home}`);
  if (!(await isLocked(machine, wish.name))) differences.push('- a password can be used', '+ locked');
  const groups = await groupsOf(machine, account);
  for (const extra of groups.filter((name) => !wish.groups.includes(name))) differences.push(`- group ${extra}`);
  for (const lacking of wish.groups.filter((name) => !groups.includes(name))) differences.push(`+ group ${lacking}`);
  return differences;
}

/** Its supplementary groups, without its own. */
async function groupsOf(machine: Machine, account: Account): Promise<string[]> {
  const groups = await readGroups(machine);
  return groups.filter((group) => group.members.includes(account.name) && group.gid !== account.gid).map((group) => group.name);
}

async function isLocked(machine: Machine, name: string): Promise<boolean> {
  const line = ((await machine.read('/etc/shadow'))?.toString('utf8') ?? '')
    .split('\n')
    .find((one) => one.startsWith(`${name}:`));
  return /^[!*]/.test(line?.split(':')[1] ?? '');
}

interface Situation {
  wish: AccountWish;
  account: Account | undefined;
  differences: string[];
}

async function accountChange(machine: Machine, { wish, account, differences }: Situation): Promise<Change> {
  return {
    summary: `${account ? 'set' : 'make'} account ${wish.name}`,
    diff: differences,
    undo: await undoAccount(machine, wish, account),
    triggers: [],
    apply: () => (machine.live ? changeLive(machine, wish, account) : changeTree(machine, wish, account)),
  };
}

const accountFiles = ['/etc/passwd', '/etc/group', '/etc/shadow'] as const;

async function undoAccount(machine: Machine, wish: AccountWish, account: Account | undefined): Promise<Undo> {
  if (!machine.live) return { kind: 'several', undos: await Promise.all(accountFiles.map((path) => undoOf(machine, path))) };
  if (!account) return { kind: 'commands', commands: [['userdel', wish.name]] };
  const groups = (await groupsOf(machine, account)).join(',');
  const former = ['--shell', account.shell, '--home', account.home, '--groups', groups];
  const unlock = (await isLocked(machine, wish.name)) ? [] : [['usermod', '--unlock', wish.name]];
  return { kind: 'commands', commands: [['usermod', ...former, wish.name], ...unlock] };
}

async function undoOf(machine: Machine, path: string): Promise<Undo> {
  const [state, content] = [await machine.state(path), await machine.read(path)];
  if (!state || !content) return { kind: 'file', path, before: undefined };
  return { kind: 'file', path, before: { base64: content.toString('base64'), mode: state.mode, uid: state.uid, gid: state.gid } };
}

async function changeLive(machine: Machine, wish: AccountWish, account: Account | undefined): Promise<void> {
  const shared = ['--shell', wish.shell, '--home-dir', wish.home, '--comment', wish.description];
  if (!account) await mustRun(machine, 'useradd', ['--system', '--user-group', '--no-create-home', ...shared, wish.name]);
  else await mustRun(machine, 'usermod', ['--shell', wish.shell, '--home', wish.home, wish.name]);
  await mustRun(machine, 'usermod', ['--groups', wish.groups.join(','), wish.name]);
  await mustRun(machine, 'usermod', ['--lock', wish.name]);
}

/** Writes passwd, group and shadow of a tree, as the distribution's tools would. */
async function changeTree(machine: Machine, wish: AccountWish, account: Account | undefined): Promise<void> {
  const [accounts, groups] = [await readAccounts(machine), await readGroups(machine)];
  const taken = new Set([...accounts.flatMap(({ uid, gid }) => [uid, gid]), ...groups.map(({ gid }) => gid)]);
  const id = account?.uid ?? freeSystemId(taken);
  const gid = account?.gid ?? id;
  await setLine(machine, '/etc/passwd', [wish.name, 'x', id, gid, wish.description, wish.home, wish.shell].join(':'), 0o644);
  if (!groups.some((group) => group.name === wish.name)) await setLine(machine, '/etc/group', `${wish.name}:x:${gid}:`, 0o644);
  await setLine(machine, '/etc/shadow', `${wish.name}:!:${Math.floor(Date.now() / 86_400_000)}::::::`, 0o640);
  for (const name of wish.groups) await addMember(machine, name, wish.name);
}

function freeSystemId(taken: ReadonlySet<number>): number {
  for (let id = 999; id >= 100; id -= 1) if (!taken.has(id)) return id;
  throw new AppError('limit', 'There is no free system account number (100 to 999) in the tree.');
}

async function addMember(machine: Machine, group: string, member: string): Promise<void> {
  const found = (await readGroups(machine)).find((one) => one.name === group);
  if (!found) {
    throw new AppError('not_found', `The group ${group} does not exist in the tree.`, {
      hint: 'Install the package that makes it into the tree first (docker.io for the group docker).',
    });
  }
  const members = [...new Set([...found.members, member])];
  await setLine(machine, '/etc/group', `${group}:x:${found.gid}:${members.join(',')}`, 0o644);
}

/** Replaces the line with the same first field, or appends it. */
async function setLine(machine: Machine, path: string, line: string, mode: number): Promise<void> {
  const state = await machine.state(path);
  const lines = ((await machine.read(path))?.toString('utf8') ?? '').split('\n').filter(Boolean);
  const key = `${line.split(':')[0] ?? ''}:`;
  const at = lines.findIndex((one) => one.startsWith(key));
  if (at < 0) lines.push(line);
  else lines[at] = line;
  await machine.write(path, `${lines.join('\n')}\n`, { mode: state?.mode ?? mode, uid: state?.uid ?? 0, gid: state?.gid ?? 0 });
}

/** A system group of this name. */
export function groupResource(name: string): Resource {
  return {
    id: `group:${name}`,
    async inspect(machine) {
      const groups = await readGroups(machine);
      if (groups.some((group) => group.name === name)) return undefined;
      return {
        summary: `make group ${name}`,
        diff: [`+ ${name}`],
        undo: machine.live ? { kind: 'commands', commands: [['groupdel', name]] } : await undoOf(machine, '/etc/group'),
        triggers: [],
        async apply() {
          if (machine.live) return void (await mustRun(machine, 'groupadd', ['--system', name]));
          const taken = new Set([
            ...(await readAccounts(machine)).flatMap(({ uid, gid }) => [uid, gid]),
            ...groups.map(({ gid }) => gid),
          ]);
          await setLine(machine, '/etc/group', `${name}:x:${freeSystemId(taken)}:`, 0o644);
        },
      };
    },
  };
}

/** An account of somebody else that must be in a group. Its other groups are its own business. */
export function membershipResource(name: string, group: string): Resource {
  return {
    id: `member:${name}:${group}`,
    async inspect(machine) {
      if ((await readGroups(machine)).find((one) => one.name === group)?.members.includes(name)) return undefined;
      return {
        summary: `add ${name} to the group ${group}`,
        diff: [`+ group ${group}`],
        undo: machine.live
          ? { kind: 'commands', commands: [['gpasswd', '--delete', name, group]] }
          : await undoOf(machine, '/etc/group'),
        triggers: [],
        async apply() {
          if (machine.live) await mustRun(machine, 'usermod', ['--append', '--groups', group, name]);
          else await addMember(machine, group, name);
        },
      };
    },
  };
}
