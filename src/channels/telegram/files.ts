/**
 * Owns the way of a file from the platform to our disk (https://core.telegram.org/bots/api#getfile).
 * The size is counted while it comes; nothing unfinished stays.
 */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError, isAppError } from '../../domain/errors.ts';
import type { Attachment } from '../../domain/message.ts';
import { apiSignal, type Client } from './api.ts';
import { isRefusal, toAppError } from './errors.ts';

export interface Fetch {
  attachment: Attachment;
  path: string;
  maxBytes: number;
  signal: AbortSignal;
}

/** Rejects with an AppError; then there is no file at `path`. */
export async function fetchFile(client: Client, { attachment, path, maxBytes, signal }: Fetch): Promise<{ sizeBytes: number }> {
  if ((attachment.sizeBytes ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const remote = await locate(client, attachment.remoteId, signal);
  if ((remote.sizeBytes ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const part = `${path}.part`;
  try {
    const sizeBytes = await download(client, remote.path, { part, maxBytes, signal });
    await rename(part, path);
    return { sizeBytes };
  } catch (error) {
    await rm(part, { force: true });
    throw downloadError(error);
  }
}

/** What a bot may fetch from Telegram's own servers. */
const LARGEST_REMOTE_BYTES = 20_000_000;

async function locate(
  { api }: Client,
  fileId: string,
  signal: AbortSignal,
): Promise<{ path: string; sizeBytes: number | undefined }> {
  try {
    const { file_path: path, file_size: sizeBytes } = await api.getFile(fileId, apiSignal(signal));
    return { path: remotePath(path), sizeBytes };
  } catch (error) {
    if (isRefusal(error, 400, /file is too big/i)) throw tooLarge(LARGEST_REMOTE_BYTES);
    if (isRefusal(error, 400, /file_id|temporarily unavailable/i))
      throw new AppError('not_found', 'Telegram no longer has the file');
    throw toAppError(error);
  }
}

/** A server in local mode names a file on its own disk, which is not for us to open. */
function remotePath(path: string | undefined): string {
  if (path !== undefined && !path.startsWith('/') && !path.split('/').includes('..')) return path;
  throw new AppError('invalid', 'The Bot API server does not hand out files', { hint: 'Run it without --local.' });
}

interface Download {
  part: string;
  maxBytes: number;
  signal: AbortSignal;
}

async function download({ wire, filePath }: Client, path: string, { part, maxBytes, signal }: Download): Promise<number> {
  const response = await wire.get(filePath(path), signal);
  if (response.statusCode !== 200) {
    response.destroy();
    throw new AppError('unavailable', `Telegram did not hand out the file (HTTP ${response.statusCode})`);
  }
  let sizeBytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) done(tooLarge(maxBytes));
      else done(null, chunk);
    },
  });
  await pipeline(response, counter, createWriteStream(part, { flags: 'wx', mode: 0o600 }));
  return sizeBytes;
}

function downloadError(error: unknown): AppError {
  if (isAppError(error)) return error;
  if (error instanceof Error && 'syscall' in error && 'code' in error && 'path' in error) {
    return new AppError('unavailable', `The file cannot be stored (${String(error.code)})`, {
      hint: 'Check the space on the disk.',
      cause: error,
    });
  }
  const told = toAppError(error);
  return told.code === 'unavailable'
    ? new AppError('unavailable', 'The download broke off', { hint: 'It is worth another try.' })
    : told;
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('limit', `The file is larger than ${Math.round(maxBytes / 100_000) / 10} MB`, {
    hint: 'Send a smaller file.',
  });
}
