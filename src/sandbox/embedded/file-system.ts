/**
 * Owns what files an embedded shell sees: the workspace according to its access, everything else in memory. The one place that
 * decides what may be written; what it refuses never reaches the workspace. Runs in the shell's process.
 */
import { posix } from 'node:path';
import { InMemoryFs, MountableFs, OverlayFs, ReadWriteFs } from 'just-bash';
import type { Bash, CpOptions, FileContent, FsStat, IFileSystem, MkdirOptions, RmOptions } from 'just-bash';
import type { ShellWorld } from './protocol.ts';

type ReadOptions = Parameters<IFileSystem['readFile']>[1];
type WriteOptions = Parameters<IFileSystem['writeFile']>[2];
type Sink = (bytes: Uint8Array) => void;

/** What is written there is gone, as in any Unix. */
const DISCARDING = new Set(['/dev/null', '/dev/stdout', '/dev/stderr']);

export class ShellFileSystem implements IFileSystem {
  private readonly inner: MountableFs;
  private readonly writable: readonly string[];
  private readonly readOnlyRoot: boolean;
  private readonly workdir: string;
  private readonly sinks = new Map<string, Sink>();

  /** `furnish` puts the shell's own files (/bin, /dev, /proc) into the memory. */
  constructor(world: ShellWorld, furnish: (memory: InMemoryFs) => Bash) {
    const memory = new InMemoryFs({}, { maxTotalBytes: world.fileBytes });
    furnish(memory);
    for (const directory of world.scratchDirs) memory.mkdirSync(directory, { recursive: true });
    this.inner = new MountableFs({ base: memory });
    const workspace = workspaceFiles(world);
    if (workspace) this.inner.mount(world.workdir, workspace);
    else memory.mkdirSync(world.workdir, { recursive: true });
    this.workdir = world.workdir;
    this.readOnlyRoot = world.readOnlyRoot;
    this.writable = world.access === 'ro' ? world.scratchDirs : [...world.scratchDirs, world.workdir];
  }

  /** Until the returned function is called, what is appended to `path` goes to `sink`. */
  addSink(path: string, sink: Sink): () => void {
    this.sinks.set(path, sink);
    return () => this.sinks.delete(path);
  }

  private mayWrite(path: string): boolean {
    const clean = absolute(path);
    if (this.writable.some((directory) => isWithin(clean, directory))) return true;
    return !this.readOnlyRoot && !isWithin(clean, this.workdir);
  }

  /** Throws EROFS where nothing may be written. */
  checkWrite(path: string, action: string): void {
    if (!this.mayWrite(path)) throw new Error(`EROFS: read-only file system, ${action} '${path}'`);
  }

  /** True when the content went elsewhere. */
  private diverted(path: string, content: FileContent, options: WriteOptions): boolean {
    const clean = absolute(path);
    const sink = this.sinks.get(clean);
    if (sink && content.length > 0) sink(bytesOf(content, options));
    return sink !== undefined || DISCARDING.has(clean);
  }

  async writeFile(path: string, content: FileContent, options?: WriteOptions): Promise<void> {
    if (this.diverted(path, content, options)) return;
    this.checkWrite(path, 'open');
    await this.inner.writeFile(path, content, options);
  }

  async appendFile(path: string, content: FileContent, options?: WriteOptions): Promise<void> {
    if (this.diverted(path, content, options)) return;
    this.checkWrite(path, 'open');
    await this.inner.appendFile(path, content, options);
  }

  async mkdir(path: string, options?: MkdirOptions): Promise<void> {
    if (options?.recursive && (await this.inner.exists(path))) return;
    this.checkWrite(path, 'mkdir');
    await this.inner.mkdir(path, options);
  }

  async rm(path: string, options?: RmOptions): Promise<void> {
    this.checkWrite(path, 'rm');
    await this.inner.rm(path, options);
  }

  async cp(source: string, target: string, options?: CpOptions): Promise<void> {
    this.checkWrite(target, 'copy to');
    await this.inner.cp(source, target, options);
  }

  async mv(source: string, target: string): Promise<void> {
    this.checkWrite(source, 'rename');
    this.checkWrite(target, 'rename to');
    await this.inner.mv(source, target);
  }

  async chmod(path: string, mode: number): Promise<void> {
    this.checkWrite(path, 'chmod');
    await this.inner.chmod(path, mode);
  }

  async symlink(target: string, path: string): Promise<void> {
    this.checkWrite(path, 'symlink');
    await this.inner.symlink(target, path);
  }

  async link(existing: string, path: string): Promise<void> {
    this.checkWrite(path, 'link');
    await this.inner.link(existing, path);
  }

  async utimes(path: string, accessed: Date, modified: Date): Promise<void> {
    this.checkWrite(path, 'utimes');
    await this.inner.utimes(path, accessed, modified);
  }

  readFile(path: string, options?: ReadOptions): Promise<string> {
    return this.inner.readFile(path, options);
  }
  readFileBytes(path: string): ReturnType<MountableFs['readFileBytes']> {
    return this.inner.readFileBytes(path);
  }
  readFileBuffer(path: string): Promise<Uint8Array> {
    return this.inner.readFileBuffer(path);
  }
  async exists(path: string): Promise<boolean> {
    return !this.sinks.has(absolute(path)) && this.inner.exists(path);
  }
  stat(path: string): Promise<FsStat> {
    return this.inner.stat(path);
  }
  lstat(path: string): Promise<FsStat> {
    return this.inner.lstat(path);
  }
  readdir(path: string): Promise<string[]> {
    return this.inner.readdir(path);
  }
  readlink(path: string): Promise<string> {
    return this.inner.readlink(path);
  }
  realpath(path: string): Promise<string> {
    return this.inner.realpath(path);
  }
  resolvePath(base: string, path: string): string {
    return this.inner.resolvePath(base, path);
  }
  getAllPaths(): string[] {
    return this.inner.getAllPaths();
  }
}

/** Neither kind follows or makes symbolic links, so no name inside can mean a file outside. */
function workspaceFiles({ workspace, access, fileBytes }: ShellWorld): IFileSystem | undefined {
  if (access === 'rw') return new ReadWriteFs({ root: workspace, maxFileReadSize: fileBytes, maxCopySize: fileBytes });
  if (access === 'ro') return new OverlayFs({ root: workspace, mountPoint: '/', readOnly: true, maxFileReadSize: fileBytes });
  return undefined;
}

function absolute(path: string): string {
  return posix.resolve('/', path);
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

function bytesOf(content: FileContent, options: WriteOptions): Uint8Array {
  if (typeof content !== 'string') return content;
  const encoding = typeof options === 'string' ? options : options?.encoding;
  return Buffer.from(content, encoding === 'binary' || encoding === 'latin1' ? 'latin1' : 'utf8');
}
