/** What the gateway itself says after a storm, asked of the program, its files and the engine; compared with what the peers saw. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { databaseFile } from '../../src/app.ts';
import { stateIdOf } from '../../src/app/sandboxes.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { silentLog } from '../../src/domain/log.ts';
import { createDockerBackend } from '../../src/sandbox/docker/index.ts';
import { openStore } from '../../src/store/index.ts';
import type { Bed } from './bed.ts';
import { EFFECTS_FILE } from './errands.ts';
import { ask } from './gateway-process.ts';

export interface Expected {
  /** Messages that people wrote. */
  received: number;
  quarantined: number;
}

/** One sentence for each thing that is wrong. The gateway has stopped. */
export async function auditOf(bed: Bed, expected: Expected): Promise<string[]> {
  return [
    ...(await messageProblems(bed, expected)),
    ...(await storeProblems(bed)),
    ...(await containersLeft(bed)),
    ...[...bed.bot.failures, ...bed.model.failures].map((failure) => `a peer failed: ${String(failure)}`),
    ...bed.model.refusals.map(({ path, message }) => `the model refused ${path}: ${message}`),
  ];
}

/** The lines that the tools have written. */
export function effectsIn({ workspace }: Bed): string[] {
  try {
    return readFileSync(join(workspace, EFFECTS_FILE), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}

interface MessageCounts {
  received: number;
  unanswered: number;
  counts: Record<'answered' | 'refused' | 'quarantined', number>;
}

async function messageProblems(bed: Bed, expected: Expected): Promise<string[]> {
  const { received, unanswered, counts } = (await ask(bed, 'messages', 'list')) as MessageCounts;
  const { refused, quarantined } = counts;
  const wrong: string[] = [];
  if (received !== expected.received) wrong.push(`${expected.received} messages were written, the gateway counts ${received}`);
  if (unanswered > 0) wrong.push(`${unanswered} messages are not answered`);
  if (refused > 0) wrong.push(`${refused} messages were refused`);
  if (quarantined !== expected.quarantined) wrong.push(`${quarantined} messages were set aside, not ${expected.quarantined}`);
  return wrong;
}

async function storeProblems({ stateDir }: Bed): Promise<string[]> {
  const store = await openStore({ path: databaseFile(stateDir), clock: systemClock, log: silentLog });
  try {
    const { problems } = await store.check();
    const { failed, sending, queued } = await store.outbox.counts();
    const left = failed + sending + queued;
    return [...problems, ...(left > 0 ? [`outbox: ${failed} failed, ${sending} sending, ${queued} queued`] : [])];
  } finally {
    await store.close();
  }
}

async function containersLeft({ stateDir }: Bed): Promise<string[]> {
  const backend = createDockerBackend({ stateId: stateIdOf(stateDir), poolSize: 0, log: silentLog, clock: systemClock });
  try {
    return (await backend.list()).map(({ name }) => `a container was left after the stop: ${name}`);
  } catch {
    // Without an engine there are no containers.
    return [];
  }
}
