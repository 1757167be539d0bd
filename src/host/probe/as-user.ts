/** Real attempts as another user: the way to know what an account cannot do. What is tried undoes itself when it succeeds. */
import { currentRelease } from '../layout.ts';
import type { CommandResult, Machine } from '../engine/machine.ts';

const node = `${currentRelease}/node/bin/node`;

export interface Attempt {
  user: string;
  /** Enter the mount namespace of this process first: the view of a running service. */
  insideOf?: number;
  /** Let programs that change the user (su, sudo) do their work: whether they say no is the question. */
  mayBecomeOthers?: boolean;
}

/** Runs a program with the account's own groups and no privileges. */
export function runAs(
  machine: Machine,
  { user, insideOf, mayBecomeOthers }: Attempt,
  command: readonly string[],
): Promise<CommandResult> {
  const enter = insideOf === undefined ? [] : ['nsenter', '-t', String(insideOf), '-m', '--'];
  const group = user === 'nobody' ? 'nogroup' : user;
  const barred = mayBecomeOthers ? [] : ['--bounding-set=-all', '--no-new-privs'];
  const drop = ['setpriv', `--reuid=${user}`, `--regid=${group}`, '--init-groups', ...barred, '--'];
  const [file, ...args] = [...enter, ...drop, ...command] as [string, ...string[]];
  return machine.run(file, args, { timeoutMs: 8_000 });
}

/** Each line that the script prints is an attempt that succeeded; undefined when it could not be run. */
async function runScript(
  machine: Machine,
  attempt: Attempt,
  [script, ...args]: readonly [string, ...string[]],
): Promise<string[] | undefined> {
  const result = await runAs(machine, attempt, [node, '-e', script, '--', ...args]);
  return result.code === 0 ? result.stdout.split('\n').filter(Boolean) : undefined;
}

/** Prints `move path` for every move that worked, and takes it back. */
const MOVES = `
const fs = require('node:fs'), { dirname } = require('node:path');
const tries = {
  write: (p) => fs.closeSync(fs.openSync(p, 'r+')),
  chmod: (p) => fs.chmodSync(p, fs.statSync(p).mode & 0o7777),
  rename: (p) => { fs.renameSync(p, p + '.probe'); fs.renameSync(p + '.probe', p); },
  'rename of its directory': (p) => { const d = dirname(p); fs.renameSync(d, d + '.probe'); fs.renameSync(d + '.probe', d); },
};
for (const p of process.argv.slice(1)) for (const [name, attempt] of Object.entries(tries)) {
  try { attempt(p); console.log(name + ' ' + p); } catch {}
}`;

/** Moves against these files that worked: write, chmod, rename, rename of the directory. */
export function movesThatWork(machine: Machine, attempt: Attempt, paths: readonly string[]): Promise<string[] | undefined> {
  return runScript(machine, attempt, [MOVES, ...paths]);
}

const READABLE = `
const fs = require('node:fs');
for (const p of process.argv.slice(1)) { try { fs.statSync(p).isDirectory() ? fs.readdirSync(p) : fs.closeSync(fs.openSync(p, 'r')); console.log(p); } catch {} }`;

/** Those of the paths that the user can read. */
export function readableBy(machine: Machine, attempt: Attempt, paths: readonly string[]): Promise<string[] | undefined> {
  return runScript(machine, attempt, [READABLE, ...paths]);
}

const CONNECT = `
const net = require('node:net'), socket = net.connect(process.argv[1]);
socket.on('connect', () => { console.log('connected'); socket.destroy(); });
socket.on('error', () => {});`;

/** True when the user can connect to the socket; undefined when that could not be tried. */
export async function connectsTo(machine: Machine, attempt: Attempt, socketPath: string): Promise<boolean | undefined> {
  return (await runScript(machine, attempt, [CONNECT, socketPath]))?.includes('connected');
}
