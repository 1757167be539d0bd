/**
 * Files that an answer sends along: `MEDIA: path` lines of the model's own reply, read out of the session's sandbox into the artifact
 * folder under names of our own. No path of the host is ever read for it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { SessionSandbox } from '../agent/parts.ts';
import { MEDIA_PREFIX } from '../agent/prompt.ts';
import { AppError, isAppError } from '../domain/errors.ts';
import type { OutboundFile } from '../domain/message.ts';

export interface ArtifactPlace {
  sandbox: SessionSandbox;
  artifactsDir: string;
  /** Begins the names of the files: unique for the turn. */
  turnId: string;
  maxBytes: number;
}

export interface Artifacts {
  /** The reply without the lines that name files, and with a line for each file that could not be had. */
  text: string;
  files: OutboundFile[];
}

const MOST_FILES = 10;

export async function takeArtifacts(reply: string, place: ArtifactPlace): Promise<Artifacts> {
  if (!reply.includes(MEDIA_PREFIX)) return { text: reply, files: [] };
  const { text, paths } = split(reply);
  const files: OutboundFile[] = [];
  const trouble: string[] = [];
  for (const path of paths.slice(0, MOST_FILES)) {
    try {
      files.push(await takeOne(path, files.length + 1, place));
    } catch (error) {
      trouble.push(`_(The file ${path} could not be sent: ${isAppError(error) ? error.message : 'it could not be read.'})_`);
    }
  }
  if (paths.length > MOST_FILES) trouble.push(`_(Only ${MOST_FILES} files are sent with one answer.)_`);
  return { text: [text, ...trouble].filter((line) => line !== '').join('\n\n'), files };
}

/** Lines inside code fences are text that speaks of the directive, not the directive. */
function split(reply: string): { text: string; paths: string[] } {
  const kept: string[] = [];
  const paths: string[] = [];
  let fenced = false;
  for (const line of reply.split('\n')) {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    const path =
      fenced || !line.startsWith(MEDIA_PREFIX)
        ? ''
        : line
            .slice(MEDIA_PREFIX.length)
            .trim()
            .replace(/^`(.*)`$/, '$1');
    if (path === '') kept.push(line);
    else paths.push(path);
  }
  return { text: kept.join('\n').trim(), paths };
}

async function takeOne(path: string, number: number, place: ArtifactPlace): Promise<OutboundFile> {
  // On the host itself any path would do, and a reply can be talked into naming one.
  if (!place.sandbox.facts.isolated) throw new AppError('denied', 'files are sent from a sandbox only.');
  const sandbox = await place.sandbox.sandbox();
  const { bytes, totalBytes } = await sandbox.readFile(path, { offset: 0, maxBytes: place.maxBytes });
  if (totalBytes > bytes.length) throw new AppError('limit', `it is larger than ${place.maxBytes} bytes.`);
  const fileName = basename(path);
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(fileName)?.[0].toLowerCase() ?? '';
  await mkdir(place.artifactsDir, { recursive: true, mode: 0o700 });
  const stored = join(place.artifactsDir, `${place.turnId}-${number}${extension}`);
  await writeFile(stored, bytes, { mode: 0o600 });
  const mimeType = TYPES[extension] ?? 'application/octet-stream';
  return { path: stored, fileName, mimeType, asPhoto: PHOTOS.has(mimeType) };
}

const PHOTOS = new Set(['image/jpeg', 'image/png']);
const TYPES: Readonly<Record<string, string>> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.pdf': 'application/pdf',
  '.txt': 'text/plain',
  '.md': 'text/markdown',
  '.csv': 'text/csv',
  '.json': 'application/json',
  '.zip': 'application/zip',
};
