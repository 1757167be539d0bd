/** The files that reach the prompt, where they lie, and where their originals are kept. */
import { basename } from 'node:path';
import { hostStateFolder } from '../engine/journal.ts';
import type { Machine } from '../engine/machine.ts';
import type { Layout } from '../layout.ts';
import { agentsText, soulText } from './soul.ts';

export interface IdentityFile {
  path: string;
  /** Root's own copy: what the file is restored from. */
  original: string;
  /** What a new deployment starts with. */
  text: string;
}

/** The names that the prompt is made of, in the workspace. A name that is not taken by root could be taken by the service. */
const WORKSPACE_FILES: Readonly<Record<string, string>> = {
  'AGENTS.md': agentsText,
  'TOOLS.md': '',
  'IDENTITY.md': '',
  'USER.md': '',
  'MEMORY.md': '',
};

export function identityFiles(layout: Layout): IdentityFile[] {
  const soul = { path: layout.soulFile, original: originalOf(layout, layout.soulFile), text: soulText };
  // Under `reference` the document protects SOUL.md alone; the workspace is the service's.
  if (layout.profile === 'reference') return [soul];
  const others = Object.entries(WORKSPACE_FILES).map(([name, text]) => {
    const path = `${layout.workspace}/${name}`;
    return { path, original: originalOf(layout, path), text };
  });
  return [soul, ...others];
}

function originalOf(layout: Layout, path: string): string {
  return `${hostStateFolder}/identity/${layout.instance}/${basename(path)}`;
}

/** What the file has to say: the original; at the first apply what a person already had there, else our own text. */
export async function wantedText(machine: Machine, file: IdentityFile): Promise<string> {
  const kept = (await machine.read(file.original)) ?? (await machine.read(file.path));
  return kept?.toString('utf8') ?? file.text;
}
