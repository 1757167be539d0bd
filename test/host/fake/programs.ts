/** The programs of a Debian host, simulated: accounts, packages, systemd units, ufw and iptables, docker. Unknown ones are `not found`. */
import type { CommandResult } from '../../../src/host/engine/machine.ts';
import type { Node } from './machine.ts';

export interface World {
  units: Map<string, { enabled: boolean; active: boolean; loaded: string }>;
  /** What the kernel's filter has, per family. */
  chains: Record<'v4' | 'v6' | 'docker4' | 'docker6', string[]>;
  image: string;
}

interface Program {
  changes: boolean;
  run: () => CommandResult;
}

const ok = (stdout = ''): CommandResult => ({ code: 0, stdout, stderr: '' });
const failed = (stderr: string): CommandResult => ({ code: 1, stdout: '', stderr });
const UNITS = '/etc/systemd/system/';

export function createPrograms(nodes: Map<string, Node>, makeAll: (path: string) => void) {
  const world: World = { units: new Map(), chains: { v4: [], v6: [], docker4: [], docker6: [] }, image: '' };
  const files = {
    text: (path: string): string => textOf(nodes, path),
    put: (path: string, text: string, mode = 0o644) => putText(nodes, makeAll, { path, text, mode }),
  };
  for (const name of [
    'ufw.service',
    'docker.service',
    'apt-daily.timer',
    'apt-daily-upgrade.timer',
    'fail2ban.service',
    'cron.service',
  ]) {
    world.units.set(name, { enabled: name !== 'ufw.service', active: true, loaded: '' });
  }
  const changing = (run: () => CommandResult): Program => ({ changes: true, run });
  const looking = (run: () => CommandResult): Program => ({ changes: false, run });
  const tools: Record<string, (args: readonly string[]) => Program | undefined> = {
    useradd: (args) => changing(() => addAccount(files, args)),
    userdel: (args) => changing(() => (dropLines(files, args.at(-1) as string), ok())),
    usermod: (args) => changing(() => changeAccount(files, args)),
    groupadd: (args) =>
      changing(() => (files.put('/etc/group', `${files.text('/etc/group')}${args.at(-1)}:x:${freeId(files)}:\n`), ok())),
    groupdel: (args) => changing(() => (dropLines(files, args.at(-1) as string), ok())),
    'apt-get': (args) => changing(() => aptGet(files, args)),
    systemctl: (args) => systemctl(world, files, args),
    ufw: (args) => ufw(world, files, args),
    iptables: (args) => filter(world, args, ['v4', 'docker4']),
    ip6tables: (args) => filter(world, args, ['v6', 'docker6']),
    '/usr/local/libexec/openclaw/docker-user': () => changing(() => loadDockerUser(world, files)),
    docker: (args) => docker(world, args),
    '/usr/lib/ufw/ufw-init': (args) => changing(() => ufwInit(world, files, args)),
    cat: () => looking(() => ok('')),
  };
  return { world, find: (file: string, args: readonly string[]): Program | undefined => tools[file]?.(args) };
}

interface Files {
  text: (path: string) => string;
  put: (path: string, text: string, mode?: number) => void;
}

function textOf(nodes: Map<string, Node>, path: string): string {
  const node = nodes.get(path);
  return node?.kind === 'file' ? node.content.toString('utf8') : '';
}

function putText(
  nodes: Map<string, Node>,
  makeAll: (path: string) => void,
  file: { path: string; text: string; mode: number },
): void {
  makeAll(file.path.slice(0, file.path.lastIndexOf('/')) || '/');
  const before = nodes.get(file.path);
  nodes.set(file.path, {
    kind: 'file',
    content: Buffer.from(file.text),
    mode: before?.mode ?? file.mode,
    uid: before?.uid ?? 0,
    gid: before?.gid ?? 0,
  });
}

function dropLines(files: Files, name: string): void {
  for (const path of ['/etc/passwd', '/etc/group', '/etc/shadow']) {
    const lines = files
      .text(path)
      .split('\n')
      .filter((line) => line && !line.startsWith(`${name}:`));
    const without = (line: string): string => {
      const [members = '', ...rest] = line.split(':').toReversed();
      return [
        ...rest.toReversed(),
        members
          .split(',')
          .filter((one) => one !== name)
          .join(','),
      ].join(':');
    };
    files.put(path, `${(path === '/etc/group' ? lines.map(without) : lines).join('\n')}\n`);
  }
}

/** The lowest that is free: the same for the same order of calls. */
function freeId(files: Files): number {
  const taken = new Set(`${files.text('/etc/passwd')}${files.text('/etc/group')}`.match(/\d+/g)?.map(Number));
  let id = 900;
  while (taken.has(id)) id += 1;
  return id;
}

function option(args: readonly string[], name: string): string | undefined {
  return args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
}

function addAccount(files: Files, args: readonly string[]): CommandResult {
  const name = args.at(-1) as string;
  const id = freeId(files);
  files.put(
    '/etc/passwd',
    `${files.text('/etc/passwd')}${name}:x:${id}:${id}:${option(args, '--comment')}:${option(args, '--home-dir')}:${option(args, '--shell')}\n`,
  );
  files.put('/etc/group', `${files.text('/etc/group')}${name}:x:${id}:\n`);
  files.put('/etc/shadow', `${files.text('/etc/shadow')}${name}:!:1::::::\n`);
  return ok();
}

function changeAccount(files: Files, args: readonly string[]): CommandResult {
  const name = args.at(-1) as string;
  const edit = (path: string, change: (fields: string[]) => string[]): void =>
    files.put(
      path,
      files
        .text(path)
        .split('\n')
        .map((line) => (line.startsWith(`${name}:`) ? change(line.split(':')).join(':') : line))
        .join('\n'),
    );
  edit('/etc/passwd', (f) => [...f.slice(0, 5), option(args, '--home') ?? f[5] ?? '', option(args, '--shell') ?? f[6] ?? '']);
  if (args.includes('--lock')) edit('/etc/shadow', (f) => [f[0] ?? '', `!${(f[1] ?? '').replace(/^!/, '')}`, ...f.slice(2)]);
  const groups = option(args, '--groups')?.split(',').filter(Boolean);
  if (groups) {
    const lines = files
      .text('/etc/group')
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const [group = '', x, gid, members = ''] = line.split(':');
        const others = members.split(',').filter((one) => one && one !== name);
        return [group, x, gid, (groups.includes(group) ? [...others, name] : others).join(',')].join(':');
      });
    files.put('/etc/group', `${lines.join('\n')}\n`);
  }
  return ok();
}

function aptGet(files: Files, args: readonly string[]): CommandResult {
  const names = args.filter(
    (one) => /^[a-z0-9][a-z0-9.+-]+$/.test(one) && !['install', 'update', 'purge'].includes(one) && !one.startsWith('Dpkg'),
  );
  const path = '/var/lib/dpkg/status';
  const others = files
    .text(path)
    .split('\n\n')
    .filter((one) => one.trim() && !names.includes(/^Package: (\S+)/m.exec(one)?.[1] ?? ''));
  if (args.includes('update')) return ok();
  const added = args.includes('install')
    ? names.map((name) => `Package: ${name}\nStatus: install ok installed\nVersion: 1.0`)
    : [];
  files.put(path, `${[...others.map((one) => one.trim()), ...added].join('\n\n')}\n\n`);
  return ok();
}

function systemctl(world: World, files: Files, args: readonly string[]): Program | undefined {
  const [verb, name = ''] = args;
  const text = files.text(`${UNITS}${name}`);
  const known = world.units.get(name);
  const looking = (run: () => CommandResult): Program => ({ changes: false, run });
  if (verb === 'show') {
    const needs = known !== undefined && text !== '' && known.loaded !== text;
    return looking(() =>
      ok(
        `LoadState=${known || text ? 'loaded' : 'not-found'}\nUnitFileState=${known?.enabled ? 'enabled' : 'disabled'}\nActiveState=${known?.active ? 'active' : 'inactive'}\nNeedDaemonReload=${needs ? 'yes' : 'no'}\nMainPID=0\n`,
      ),
    );
  }
  if (verb === '--version') return looking(() => ok('systemd 257 (257.1)'));
  if (verb === 'cat' || verb === 'is-enabled') return looking(() => ({ code: known ? 0 : 1, stdout: '', stderr: '' }));
  const run = (): CommandResult => {
    if (verb === 'daemon-reload') {
      for (const [one, unit] of world.units) unit.loaded = files.text(`${UNITS}${one}`);
      return ok();
    }
    const unit = known ?? (text ? { enabled: false, active: false, loaded: text } : undefined);
    if (!unit) return verb === 'try-restart' ? ok() : failed(`Unit ${name} not found.`);
    world.units.set(name, unit);
    switchUnit(unit, verb);
    if (name === 'openclaw-firewall.service' && verb !== 'stop' && unit.active) loadDockerUser(world, files);
    return ok();
  };
  return { changes: true, run };
}

function switchUnit(unit: { enabled: boolean; active: boolean }, verb: string | undefined): void {
  if (verb === 'enable' || verb === 'disable') unit.enabled = verb === 'enable';
  if (verb === 'start' || verb === 'restart') unit.active = true;
  if (verb === 'stop') unit.active = false;
}

function filter(world: World, args: readonly string[], [host, docker]: ['v4', 'docker4'] | ['v6', 'docker6']): Program {
  if (args[0] === '-F') return { changes: true, run: () => ((world.chains[docker] = []), ok()) };
  return { changes: false, run: () => ok([...world.chains[host], ...world.chains[docker]].join('\n')) };
}

function ufwInit(world: World, files: Files, args: readonly string[]): CommandResult {
  if (args[0] === 'force-stop') [world.chains.v4, world.chains.v6] = [[], []];
  else if (/^ENABLED=yes/m.test(files.text('/etc/ufw/ufw.conf'))) loadUfw(world, files);
  return ok();
}

function loadUfw(world: World, files: Files): void {
  world.chains.v4 = liveRules(files, 'ufw', '/etc/ufw/user.rules');
  world.chains.v6 = liveRules(files, 'ufw6', '/etc/ufw/user6.rules');
}

function ufw(world: World, files: Files, args: readonly string[]): Program {
  if (args[0] === 'status')
    return { changes: false, run: () => ok(world.chains.v4.length ? 'Status: active\n' : 'Status: inactive\n') };
  const run = (): CommandResult => {
    const enabled = /^ENABLED=yes/m.test(files.text('/etc/ufw/ufw.conf'));
    if (args.includes('enable') && !enabled)
      files.put('/etc/ufw/ufw.conf', files.text('/etc/ufw/ufw.conf').replace('ENABLED=no', 'ENABLED=yes'));
    loadUfw(world, files);
    return ok();
  };
  return { changes: true, run };
}

function liveRules(files: Files, prefix: string, path: string): string[] {
  const policy = (key: string): string =>
    new RegExp(`^DEFAULT_${key}_POLICY="(\\w+)"`, 'm').exec(files.text('/etc/default/ufw'))?.[1] ?? 'ACCEPT';
  const rules = files
    .text(path)
    .split('\n')
    .filter((line) => /-user-(?:input|output) /.test(line) && line.startsWith('-A'));
  return [
    `-P INPUT ${policy('INPUT')}`,
    `-P FORWARD ${policy('FORWARD')}`,
    `-P OUTPUT ${policy('OUTPUT')}`,
    `-A INPUT -j ${prefix}-before-input`,
    `-A OUTPUT -j ${prefix}-before-output`,
    `-A ${prefix}-before-input -j ${prefix}-user-input`,
    `-A ${prefix}-before-output -j ${prefix}-user-output`,
    ...rules,
  ];
}

function loadDockerUser(world: World, files: Files): CommandResult {
  for (const [chain, file] of [
    ['docker4', 'iptables'],
    ['docker6', 'ip6tables'],
  ] as const) {
    const rules = files
      .text(`/usr/local/libexec/openclaw/docker-user.${file}`)
      .split('\n')
      .filter((line) => line.startsWith('-A'));
    if (rules.length === 0) return failed('no rules');
    world.chains[chain] = ['-A FORWARD -j DOCKER-USER', ...rules];
  }
  return ok();
}

function docker(world: World, args: readonly string[]): Program {
  if (args[0] === 'import') return { changes: true, run: () => ((world.image = 'imported'), ok()) };
  if (args[0] === 'image')
    return {
      changes: args[1] === 'rm',
      run: () =>
        args[1] === 'rm' ? ((world.image = ''), ok()) : world.image ? ok('["sha256:x"] sandbox') : failed('no such image'),
    };
  return { changes: false, run: () => ok('26.1.5') };
}
