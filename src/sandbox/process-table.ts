/** Owns the list of background commands of one session's sandbox. It starts and ends none; the sandbox's end is theirs. */
import { AppError } from '../domain/errors.ts';
import type { BackgroundProcess, ProcessTable } from '../domain/tool.ts';

/** More than a person or a model keeps track of. */
const maxEntries = 32;

let lastNumber = 0;

/** Ids are used once in the life of the gateway, so that an old one is not taken for a new command. */
export function createProcessTable(): ProcessTable {
  const entries = new Map<string, BackgroundProcess>();

  const makeRoom = (): void => {
    if (entries.size < maxEntries) return;
    const ended = [...entries.values()].find((entry) => entry.exit !== undefined);
    if (!ended) {
      throw new AppError('limit', `${maxEntries} commands are running in the background already.`, {
        hint: 'End one with process, action kill.',
      });
    }
    entries.delete(ended.id);
  };

  return {
    add(entry) {
      makeRoom();
      lastNumber += 1;
      const added = Object.assign(entry, { id: `p${lastNumber}` });
      entries.set(added.id, added);
      return added;
    },
    get: (processId) => entries.get(processId),
    list: () => [...entries.values()],
    remove: (processId) => void entries.delete(processId),
  };
}
