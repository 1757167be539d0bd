/**
 * Builds what ships: one CommonJS bundle with chunks that load when they are needed, source maps,
 * the third-party notices and a list of the packages that are inside.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { rolldown, type OutputChunk } from 'rolldown';

const root = join(import.meta.dirname, '..');
const outDir = join(root, 'dist');

/** A program of its own, that Node starts by path: the CLI and gateway, and the embedded shell. */
interface Program {
  input: Record<string, string>;
  format: 'cjs' | 'esm';
  folder: string;
}

const programs: readonly Program[] = [
  { input: { openclaw: 'src/cli/main.ts' }, format: 'cjs', folder: outDir },
  // Lies beside the chunk that starts it (src/sandbox/embedded/worker-process.ts).
  { input: { 'embedded-worker': 'src/sandbox/embedded/worker.ts' }, format: 'esm', folder: join(outDir, 'chunks') },
];

interface Packaged {
  name: string;
  version: string;
  license: string;
  licenceText: string;
}

async function bundle({ input, format, folder }: Program): Promise<OutputChunk[]> {
  const version = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).version as string;
  const build = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    // Native addons that the embedded shell does without: its xz and zstd are absent.
    external: ['node-liblzma', '@mongodb-js/zstd'],
    transform: { define: { __OPENCLAW_VERSION__: JSON.stringify(version) } },
    onLog(level, log, handler) {
      if (log.code !== 'EVAL') handler(level, log);
    },
  });
  const ending = format === 'cjs' ? 'cjs' : 'mjs';
  const { output } = await build.write({
    dir: folder,
    format,
    minify: true,
    sourcemap: true,
    entryFileNames: `[name].${ending}`,
    chunkFileNames: `${format === 'cjs' ? 'chunks' : 'embedded'}/[name]-[hash].${ending}`,
  });
  return output.filter((file) => file.type === 'chunk');
}

/** The package folders whose modules went into the bundle. */
function packageFolders(chunks: OutputChunk[]): string[] {
  const folders = new Set<string>();
  for (const id of chunks.flatMap((chunk) => Object.keys(chunk.modules))) {
    const at = id.lastIndexOf('/node_modules/');
    if (at < 0) continue;
    const parts = id.slice(at + '/node_modules/'.length).split('/');
    const name = parts[0]!.startsWith('@') ? `${parts[0]}/${parts[1]}` : parts[0]!;
    folders.add(join(id.slice(0, at), 'node_modules', name));
  }
  return [...folders].toSorted();
}

async function describePackage(folder: string): Promise<Packaged> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const licenceFile = (await readdir(folder)).find((name) => /^licen[cs]e/i.test(name));
  return {
    name: manifest.name,
    version: manifest.version,
    license: typeof manifest.license === 'string' ? manifest.license : 'see its notice',
    licenceText: licenceFile ? await readFile(join(folder, licenceFile), 'utf8') : '',
  };
}

async function writeNotices(packages: Packaged[]): Promise<void> {
  const sections = packages.map((p) => `${p.name} ${p.version} (${p.license})\n\n${p.licenceText.trim()}\n`);
  await writeFile(join(outDir, 'THIRD-PARTY-NOTICES.txt'), sections.join(`\n${'-'.repeat(72)}\n\n`));
  const list = packages.map(({ name, version, license }) => ({ name, version, license }));
  await writeFile(join(outDir, 'packages.json'), `${JSON.stringify(list, null, 2)}\n`);
}

/** What the build was made from, so that the start script can tell whether it is stale. */
export async function sourceStamp(): Promise<string> {
  const hash = createHash('sha256');
  for (const top of ['src', 'web', 'scripts/build.ts', 'package-lock.json', 'package.json']) {
    for (const file of await filesBelow(join(root, top))) hash.update(relative(root, file)).update(await readFile(file));
  }
  return hash.digest('hex');
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') return undefined;
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (!entries) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

async function main(): Promise<void> {
  await rm(outDir, { recursive: true, force: true });
  await mkdir(outDir, { recursive: true });
  // Node must not take the bundle for an ES module.
  await writeFile(join(outDir, 'package.json'), '{ "type": "commonjs" }\n');
  const chunks = (await Promise.all(programs.map(bundle))).flat();
  const packages = await Promise.all(packageFolders(chunks).map(describePackage));
  await writeNotices(packages);
  await writeFile(join(outDir, 'stamp'), await sourceStamp());
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.code.length, 0);
  console.log(`built ${chunks.length} files, ${(bytes / 1024).toFixed(0)} KB, ${packages.length} packages inside`);
}

if (process.argv[1] && dirname(process.argv[1]) === import.meta.dirname && process.argv[1].endsWith('build.ts')) {
  if (process.argv[2] === '--stamp') console.log(await sourceStamp());
  else await main();
}
