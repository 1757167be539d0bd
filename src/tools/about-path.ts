/** A file's error says which file it is about, whatever the backend says. */
import { AppError } from '../domain/errors.ts';

export async function aboutPath<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof AppError) || error.message.includes(path)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new AppError(error.code, `${path}: ${error.message}`, { ...hint, cause: error });
  }
}
