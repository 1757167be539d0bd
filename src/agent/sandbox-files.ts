/**
 * Puts the files of a conversation into its sandbox, when and only when a tool first asks for the sandbox; again into
 * a fresh one after the old was thrown away. A file that does not fit is left out: the tool then says that it is not there.
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { StoredAttachment } from '../domain/message.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import type { StoredEntry } from '../domain/session.ts';
import type { SessionSandbox } from './parts.ts';
import type { SandboxFacts } from './prompt.ts';

/** The latest ones; what came long before is known by its envelope only. */
const MOST_FILES = 20;

const held = new WeakMap<Sandbox, Set<string>>();

/** Where the model finds an attachment. */
export function attachmentDirOf(facts: SandboxFacts): string {
  return `${facts.scratchDir}/attachments`;
}

export function withAttachments(sandbox: SessionSandbox, entries: readonly StoredEntry[]): SessionSandbox {
  const files = entries.flatMap(({ entry }) => (entry.kind === 'user' ? entry.attachments : [])).slice(-MOST_FILES);
  if (files.length === 0) return sandbox;
  const dir = attachmentDirOf(sandbox.facts);
  return {
    facts: sandbox.facts,
    processes: sandbox.processes,
    async sandbox() {
      const ready = await sandbox.sandbox();
      await putIn(ready, dir, files);
      return ready;
    },
  };
}

async function putIn(sandbox: Sandbox, dir: string, files: readonly StoredAttachment[]): Promise<void> {
  const inside = held.get(sandbox) ?? new Set();
  held.set(sandbox, inside);
  for (const { path } of files) {
    if (inside.has(path)) continue;
    inside.add(path);
    try {
      await sandbox.writeFile(`${dir}/${basename(path)}`, await readFile(path));
    } catch {
      continue;
    }
  }
}
