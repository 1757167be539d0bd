/**
 * The files that tell an agent who it is and what it knows: SOUL.md and the workspace's own.
 * They are read without following links, bounded, and looked at again at most once a second. A file that is missing or
 * is not a plain file is skipped: it must never stop a turn.
 */
import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import type { AgentSettings } from '../domain/settings.ts';

/** In the order in which they stand in the prompt; SOUL.md is first and apart, because its path is its own. */
const WORKSPACE_FILES = ['AGENTS.md', 'TOOLS.md', 'IDENTITY.md', 'USER.md', 'MEMORY.md'];
/** A changed file is noticed after at most this long. */
const LOOK_AGAIN_MS = 1_000;
/** A UTF-8 character has at most this many bytes; what is cut away need not be read. */
const MOST_BYTES_PER_CHAR = 4;
const HEAD_SHARE = 0.7;
const TAIL_SHARE = 0.2;

export interface PromptFile {
  name: string;
  text: string;
}

export interface PromptFiles {
  /** The same array as before while nothing changed, so that what is made of it can be kept. Must not reject. */
  read(agent: AgentSettings): Promise<readonly PromptFile[]>;
}

interface Seen {
  lookedAtMs: number;
  fingerprint: string;
  files: Promise<readonly PromptFile[]>;
}

export function createPromptFiles(clock: Clock): PromptFiles {
  const seen = new Map<string, Seen>();
  return {
    read(agent) {
      const before = seen.get(agent.id);
      const now = clock.monotonic();
      if (before && now - before.lookedAtMs < LOOK_AGAIN_MS) return before.files;
      const next: Seen = { lookedAtMs: now, fingerprint: '', files: NO_FILES };
      // Turns that begin meanwhile share this look.
      next.files = look(agent, before, next);
      seen.set(agent.id, next);
      return next.files;
    },
  };
}

const NO_FILES = Promise.resolve<readonly PromptFile[]>([]);

async function look(agent: AgentSettings, before: Seen | undefined, next: Seen): Promise<readonly PromptFile[]> {
  const paths = pathsOf(agent);
  const stamps = await Promise.all(paths.map((path) => stamp(path)));
  next.fingerprint = [agent.bootstrapMaxChars, ...stamps].join('|');
  if (before?.fingerprint === next.fingerprint) return before.files;
  const read = await Promise.all(paths.map((path) => readPromptFile(path, agent.bootstrapMaxChars)));
  return read.filter((file) => file !== undefined);
}

function pathsOf(agent: AgentSettings): string[] {
  return [agent.soulPath, ...WORKSPACE_FILES.map((name) => join(agent.workspace, name))];
}

async function stamp(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await lstat(path);
    return `${path}:${ino}:${size}:${mtimeMs}`;
  } catch {
    return path;
  }
}

/** The file cut to `maxChars`: its head and its tail, with a line between them that says what is missing. */
async function readPromptFile(path: string, maxChars: number): Promise<PromptFile | undefined> {
  let handle;
  try {
    // O_NOFOLLOW: a link planted in the workspace must not bring a file of the host into the prompt. O_NONBLOCK: nor may a pipe hang us.
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = await handle.stat();
    if (!stat.isFile() || stat.size === 0) return undefined;
    const text = await readEnds(handle, stat.size, maxChars);
    return text.trim() === '' ? undefined : { name: path.slice(path.lastIndexOf('/') + 1), text: text.trim() };
  } catch {
    return undefined;
  } finally {
    await handle?.close().catch(() => {});
  }
}

async function readEnds(handle: Awaited<ReturnType<typeof open>>, size: number, maxChars: number): Promise<string> {
  const most = maxChars * MOST_BYTES_PER_CHAR;
  if (size <= most) return cutMiddle((await piece(handle, 0, size)).replace(/^\uFEFF/, ''), maxChars);
  const head = await piece(handle, 0, most);
  const tail = await piece(handle, size - most, most);
  return joinEnds(head, tail, maxChars, `${size} bytes`);
}

async function piece(handle: Awaited<ReturnType<typeof open>>, position: number, length: number): Promise<string> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.toString('utf8', 0, bytesRead);
}

function cutMiddle(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : joinEnds(text, text, maxChars, `${text.length} characters`);
}

function joinEnds(head: string, tail: string, maxChars: number, whole: string): string {
  const first = head.slice(0, Math.floor(maxChars * HEAD_SHARE));
  const last = tail.slice(-Math.max(1, Math.floor(maxChars * TAIL_SHARE)));
  return `${first}\n[… the middle of this file is left out: it has ${whole} …]\n${last}`.toWellFormed();
}
