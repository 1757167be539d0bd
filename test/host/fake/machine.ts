/**
 * A machine in memory: files with owners and modes, and programs that are simulated as far as the layers use them.
 * Every operation that changes something is counted, and the n-th can be made to fail, or be the last before the process dies.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CommandResult, FileState, Machine, Ownership } from '../../../src/host/engine/machine.ts';
import { createPrograms, type World } from './programs.ts';

export type Node = Ownership & ({ kind: 'file'; content: Buffer } | { kind: 'directory' } | { kind: 'symlink'; target: string });

/** Thrown by everything once the process is dead. */
export class Killed extends Error {}

export interface Fault {
  /** 1 is the first operation. */
  at: number;
  /** `before` and `after`: SIGKILL before or after the operation took place. `fail`: it does not work, once. */
  kind: 'before' | 'after' | 'fail';
}

export interface FakeMachine extends Machine {
  readonly world: World;
  /** Operations that changed something, since the last `arm`. */
  readonly log: string[];
  /** Commands that ran, changing or not. */
  readonly commands: string[];
  arm(fault: Fault | undefined): void;
  /** Everything that can be compared: files without the journal, units, rules. */
  snapshot(): Record<string, string>;
}

const root = { uid: 0, gid: 0 };

export function createFakeMachine(files: Record<string, string> = {}): FakeMachine {
  const nodes = new Map<string, Node>([['/', { kind: 'directory', mode: 0o755, ...root }]]);
  const makeAll = (path: string): void => {
    if (nodes.has(path)) return;
    makeAll(dirname(path));
    nodes.set(path, { kind: 'directory', mode: 0o755, ...root });
  };
  for (const [path, text] of Object.entries(files)) {
    makeAll(dirname(path));
    nodes.set(path, { kind: 'file', content: Buffer.from(text), mode: 0o644, ...root });
  }
  const programs = createPrograms(nodes, makeAll);
  const counter = createCounter();
  return {
    ...fileOperations(nodes, counter),
    ...running(programs, counter),
    root: '/',
    live: true,
    world: programs.world,
    ...counter.shown,
    snapshot: () => snapshotOf(nodes, programs.world),
  };
}

function createCounter() {
  const log: string[] = [];
  let fault: Fault | undefined;
  let dead = false;
  return {
    /** Runs one changing operation, or does not. */
    async change<T>(what: string, act: () => T, failed: () => T): Promise<T> {
      if (dead) throw new Killed(what);
      log.push(what);
      const due = fault && log.length === fault.at ? fault.kind : undefined;
      if (due === 'fail') return failed();
      if (due === 'before') dead = true;
      if (dead) throw new Killed(what);
      const result = act();
      if (due === 'after') {
        dead = true;
        throw new Killed(what);
      }
      return result;
    },
    alive(): void {
      if (dead) throw new Killed('looking');
    },
    shown: {
      log,
      arm(next: Fault | undefined): void {
        fault = next;
        dead = false;
        log.length = 0;
      },
    },
  };
}

type Counter = ReturnType<typeof createCounter>;

function running(programs: ReturnType<typeof createPrograms>, counter: Counter): Pick<FakeMachine, 'run' | 'commands'> {
  const commands: string[] = [];
  return {
    commands,
    async run(file, args): Promise<CommandResult> {
      counter.alive();
      const line = [file, ...args].join(' ');
      commands.push(line);
      const act = programs.find(file, args);
      if (!act) return { code: 127, stdout: '', stderr: `${file}: not simulated` };
      if (!act.changes) return act.run();
      return counter.change(`$ ${line}`, act.run, () => ({ code: 1, stdout: '', stderr: 'made to fail' }));
    },
  };
}

function fileOperations(nodes: Map<string, Node>, { change, alive }: Counter): Omit<Machine, 'root' | 'live' | 'run'> {
  const fails = (): never => {
    throw Object.assign(new Error('made to fail'), { code: 'EIO' });
  };
  const parent = (path: string): void => {
    if (nodes.get(dirname(path))?.kind !== 'directory')
      throw Object.assign(new Error(`no directory above ${path}`), { code: 'ENOENT' });
  };
  const below = (path: string): string[] => [...nodes.keys()].filter((one) => one.startsWith(path === '/' ? '/' : `${path}/`));
  const put = (path: string, node: Node): void => {
    parent(path);
    if (nodes.get(path)?.kind === 'directory' && node.kind !== 'directory')
      throw Object.assign(new Error(`${path} is a directory`), { code: 'EISDIR' });
    nodes.set(path, node);
  };
  return {
    async state(path): Promise<FileState | undefined> {
      alive();
      const node = nodes.get(path);
      if (!node) return undefined;
      const { mode, uid, gid } = node;
      return { kind: node.kind, mode, uid, gid, ...(node.kind === 'symlink' && { target: node.target }) };
    },
    async read(path) {
      alive();
      const node = nodes.get(path);
      return node?.kind === 'file' ? node.content : undefined;
    },
    write: (path, content, owned) =>
      change(`write ${path}`, () => put(path, { kind: 'file', content: Buffer.from(content), ...owned }), fails),
    makeDirectory: (path, owned) => change(`mkdir ${path}`, () => put(path, { kind: 'directory', ...owned }), fails),
    setOwnership: (path, owned) =>
      change(`own ${path}`, () => void nodes.set(path, { ...(nodes.get(path) as Node), ...owned }), fails),
    link: (path, target) => change(`link ${path}`, () => put(path, { kind: 'symlink', target, mode: 0o777, ...root }), fails),
    remove: (path) => change(`remove ${path}`, () => void nodes.delete(path), fails),
    removeDirectory: (path) => change(`rmdir ${path}`, () => below(path).length === 0 && nodes.delete(path), fails),
    removeTree: (path) => change(`rm -r ${path}`, () => [path, ...below(path)].forEach((one) => nodes.delete(one)), fails),
    async list(path) {
      alive();
      const names = below(path)
        .map((one) => one.slice(path.length + 1))
        .filter((one) => !one.includes('/'));
      return names.toSorted();
    },
    append: (path, text) =>
      change(
        `append ${path}`,
        () => {
          const before = nodes.get(path);
          put(path, {
            kind: 'file',
            mode: 0o600,
            ...root,
            content: Buffer.concat([before?.kind === 'file' ? before.content : Buffer.alloc(0), Buffer.from(text)]),
          });
        },
        fails,
      ),
    async digest(path) {
      alive();
      const node = nodes.get(path);
      return node?.kind === 'file' ? createHash('sha256').update(node.content).digest('hex') : undefined;
    },
    copy: (source, path, owned) =>
      change(
        `copy ${path}`,
        () => {
          const own = nodes.get(source);
          put(path, { kind: 'file', content: own?.kind === 'file' ? own.content : readFileSync(source), ...owned });
        },
        fails,
      ),
  };
}

/** The journal tells how it came to be, not what is; a token is new each time. */
function snapshotOf(nodes: Map<string, Node>, world: World): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [path, node] of nodes) {
    if (path.startsWith('/var/lib/openclaw-host/journal')) continue;
    const content =
      node.kind === 'file'
        ? node.content.toString('utf8').replace(/[0-9a-f]{48}/g, 'TOKEN')
        : node.kind === 'symlink'
          ? node.target
          : '';
    shown[path] =
      `${node.kind} ${node.mode.toString(8)} ${node.uid}:${node.gid} ${createHash('sha256').update(content).digest('hex').slice(0, 12)}`;
  }
  for (const [name, unit] of world.units) shown[`unit ${name}`] = `enabled=${unit.enabled} active=${unit.active}`;
  for (const [name, lines] of Object.entries(world.chains)) shown[`chain ${name}`] = lines.join('\n');
  shown['image'] = world.image;
  return shown;
}
