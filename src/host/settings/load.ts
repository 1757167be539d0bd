/** Reads `host.json5`. Every problem is told, with its path and place. */
import { describeProblem, placeOf, placeOfKey, problemsOf } from '../../config/problems.ts';
import { parseTree, valueOf, type TreeNode } from '../../config/json5/tree.ts';
import { AppError, messageOf } from '../../domain/errors.ts';
import type { Machine } from '../engine/machine.ts';
import { hostConfigFile } from '../layout.ts';
import { hostSchema, type HostSettings } from './schema.ts';

/** Rejects with AppError `invalid` that names every problem. A missing or empty file means the defaults. */
export async function loadHostSettings(machine: Machine): Promise<HostSettings> {
  const text = (await machine.read(hostConfigFile))?.toString('utf8') ?? '';
  const tree = readTree(text);
  const value = tree === undefined ? {} : valueOf(tree);
  const parsed = hostSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(hostSchema, parsed.error, value).map((problem) => {
    const unknown = problem.message.startsWith('unknown key');
    const place = unknown ? placeOfKey(text, tree, problem.path) : placeOf(text, tree, problem.path);
    return place ? { ...problem, place } : problem;
  });
  throw invalid(problems.map(describeProblem));
}

function readTree(text: string): TreeNode | undefined {
  try {
    return parseTree(text);
  } catch (error) {
    throw invalid([messageOf(error)]);
  }
}

function invalid(problems: readonly string[]): AppError {
  return new AppError('invalid', [`${hostConfigFile} is invalid:`, ...problems.map((one) => `  - ${one}`)].join('\n'), {
    hint: 'Mend the file, then: openclaw host plan',
  });
}
