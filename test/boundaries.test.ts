/** Who may import whom: the directions that docs/architecture.md states. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');
const source = join(root, 'src');

/** What the parts are put together from. */
const parts = [
  'domain',
  'agent',
  'gateway',
  'channels',
  'providers',
  'tools',
  'sandbox',
  'store',
  'control',
  'config',
  'runtime',
  'version.ts',
];

/** For each room: the rooms that it may import besides itself. A file at the top of src/ is a room of its own. */
const allowed: Record<string, readonly string[]> = {
  domain: [],
  agent: ['domain'],
  gateway: ['domain', 'agent'],
  channels: ['domain'],
  providers: ['domain'],
  tools: ['domain'],
  sandbox: ['domain'],
  store: ['domain'],
  runtime: ['domain'],
  control: ['domain', 'agent', 'gateway'],
  config: ['domain', 'channels', 'providers'],
  checks: ['domain', 'config'],
  host: ['domain', 'checks', 'config'],
  app: parts,
  'app.ts': ['app', ...parts],
  cli: ['app', 'app.ts', 'checks', 'host', ...parts],
  'version.ts': [],
};

/** The only packages that the domain may know. */
const domainPackages = new Set(['zod', 'zod/mini', 'marked']);

interface Import {
  file: string;
  target: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)[^'"\n;]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  );
  return [...found].map((match) => ({ file, target: (match[1] ?? match[2]) as string }));
}

function roomOf(path: string): string {
  return relative(source, path).split('/')[0] as string;
}

const files = readdirSync(source, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => join(entry.parentPath, entry.name));
const imports = files.flatMap(importsOf);

test('every room imports only the rooms that it may know', () => {
  const wrong = imports
    .filter(({ target }) => target.startsWith('.'))
    .map(({ file, target }) => ({ file, from: roomOf(file), to: roomOf(join(dirname(file), target)) }))
    .filter(({ from, to }) => from !== to && !(allowed[from] ?? []).includes(to))
    .map(({ file, to }) => `${relative(root, file)} imports ${to}`);
  assert.deepEqual(wrong, []);
});

test('the domain imports no package but the schema library', () => {
  const wrong = imports
    .filter(({ file, target }) => roomOf(file) === 'domain' && !target.startsWith('.') && !domainPackages.has(target))
    .map(({ file, target }) => `${relative(root, file)} imports ${target}`);
  assert.deepEqual(wrong, []);
});

/** Each is a process of its own. */
const programs = new Set(['cli/main.ts', 'sandbox/embedded/worker.ts']);

test('the environment is read in config/ only, and a process ends in its entry only', () => {
  const stray = files.flatMap((file) => {
    const name = relative(source, file);
    const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    const faults: string[] = [];
    if (/\bprocess\.env\b/.test(text) && !name.startsWith('config/')) faults.push(`${name} reads process.env`);
    if (/\bprocess\.exit\(/.test(text) && !programs.has(name)) faults.push(`${name} calls process.exit`);
    return faults;
  });
  assert.deepEqual(stray, []);
});

test('no program runs through a shell string', () => {
  const stray = files
    .filter((file) => /\bexecSync\(|[^.\w]exec\(\s*['"`]|shell:\s*true/.test(readFileSync(file, 'utf8')))
    .map((file) => relative(root, file));
  assert.deepEqual(stray, []);
});
