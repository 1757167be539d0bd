/**
 * Owns the form of a Bot API method: the world and one call in, the `result` field out.
 */
import type { UploadedFile } from '../types.ts';
import type { World } from '../world.ts';

export interface MethodCall {
  /** As spelt in the documentation. */
  method: string;
  parameters: Record<string, unknown>;
  files: UploadedFile[];
}

/** Throws a Refusal for everything that the platform refuses. */
export type Method = (world: World, call: MethodCall) => unknown;
export type Methods = Record<string, Method>;
