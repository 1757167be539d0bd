/** Names to numbers by the machine's own passwd and group files, so that a tree is read by its own names. */
import { AppError } from '../../domain/errors.ts';
import type { Machine, Ownership } from '../engine/machine.ts';
import type { Owned } from './file.ts';

export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
  shell: string;
}

export async function readAccounts(machine: Machine): Promise<Account[]> {
  return (await rowsOf(machine, '/etc/passwd')).map((row) => ({
    name: row[0] ?? '',
    uid: Number(row[2]),
    gid: Number(row[3]),
    home: row[5] ?? '',
    shell: row[6] ?? '',
  }));
}

export interface Group {
  name: string;
  gid: number;
  members: string[];
}

export async function readGroups(machine: Machine): Promise<Group[]> {
  return (await rowsOf(machine, '/etc/group')).map((row) => ({
    name: row[0] ?? '',
    gid: Number(row[2]),
    members: (row[3] ?? '').split(',').filter(Boolean),
  }));
}

async function rowsOf(machine: Machine, path: string): Promise<string[][]> {
  const text = (await machine.read(path))?.toString('utf8') ?? '';
  return text
    .split('\n')
    .filter((line) => line.includes(':'))
    .map((line) => line.split(':'));
}

/** -1 stands for an account that will exist only after the change that makes it. */
export async function resolveOwner(machine: Machine, { user, group, mode }: Owned): Promise<Ownership> {
  const uid = user === 'root' ? 0 : (await readAccounts(machine)).find((account) => account.name === user)?.uid;
  const gid = group === 'root' ? 0 : (await readGroups(machine)).find((one) => one.name === group)?.gid;
  return { mode, uid: uid ?? -1, gid: gid ?? -1 };
}

/** Throws when the owner does not exist, so that nothing is ever left to root by mistake. */
export function requireOwner(ownership: Ownership, what: string): void {
  if (ownership.uid >= 0 && ownership.gid >= 0) return;
  throw new AppError('not_found', `The owner of ${what} does not exist on this machine.`, {
    hint: 'Apply the accounts first: openclaw host apply --only accounts',
  });
}

export function ownerName({ uid, gid }: { uid: number; gid: number }): string {
  return `${uid === 0 ? 'root' : uid}:${gid === 0 ? 'root' : gid}`;
}
