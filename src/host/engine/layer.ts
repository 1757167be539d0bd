/** A layer of the host: the resources that make it, and the checks that prove it by observation. */
import type { Check } from '../../domain/check.ts';
import type { HostFacts } from '../settings/facts.ts';
import type { HostSettings } from '../settings/schema.ts';
import type { Machine } from './machine.ts';
import type { Resource } from './resource.ts';

export type Profile = 'reference' | 'hardened';

/** Where the program was started from: an unpacked release, an installed one, or a checkout. */
export interface ProgramSource {
  /** Absolute, on the running machine. */
  root: string;
  version: string;
}

export interface LayerInput {
  machine: Machine;
  settings: HostSettings;
  facts: HostFacts;
  program: ProgramSource;
}

export interface Layer {
  /** What `--only` takes. */
  id: string;
  title: string;
  /** Rows of the document's table of layers (1 to 12) that it feeds. */
  rows: readonly number[];
  /** In the order in which they are made. */
  resources(input: LayerInput): Promise<Resource[]>;
  /** Proved by observation, never by reading back what was written. */
  checks(input: LayerInput): Check[];
}
