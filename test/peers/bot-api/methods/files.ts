/**
 * Owns downloads: getFile and the bytes behind its path.
 */
import { badRequest } from '../answers.ts';
import { text } from '../parameters.ts';
import type { World } from '../world.ts';
import type { Methods } from './method.ts';

/** Larger files can only be fetched from a server of one's own. */
const DOWNLOAD_LIMIT = 20 * 1024 * 1024;

export const fileMethods: Methods = {
  getFile(world, { parameters }) {
    const fileId = text(parameters, 'file_id');
    if (fileId === '') throw badRequest('file_id not specified');
    const file = world.files.get(fileId);
    if (file === undefined) throw badRequest('invalid file_id');
    if (file.size > DOWNLOAD_LIMIT) throw badRequest('file is too big');
    return {
      file_id: fileId,
      file_unique_id: file.uniqueId,
      file_size: file.size,
      file_path: file.path,
    };
  },
};

export function downloadable(world: World, path: string): Buffer | undefined {
  for (const file of world.files.values()) if (file.path === path) return file.bytes;
  return undefined;
}
