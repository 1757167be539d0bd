/**
 * A gateway in a process of its own, to be killed: `node child.ts OPTIONS`, where OPTIONS is JSON. Its tools leave a line in a file
 * for each time that they run, so that the test can count effects, and can be told to end the process in the middle.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../src/domain/clock.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { createGateway } from '../../../src/gateway/gateway.ts';
import { openStore } from '../../../src/store/index.ts';
import { partsOf } from './bed.ts';
import type { BedOptions, Where } from './bed.ts';
import { agentSettings } from './settings.ts';
import { toolOf } from './tools.ts';

export interface ChildOptions extends Where {
  options: Omit<BedOptions, 'surroundings' | 'tools' | 'sandboxFor' | 'log'>;
  /** Standard error gets the log. */
  loud?: boolean;
}

const { dir, botApi, modelApi, options, loud } = JSON.parse(process.argv[2] ?? '{}') as ChildOptions;
const log = loud ? (await import('../../../src/runtime/log.ts')).createLog({ level: 'debug', style: 'text' }) : silentLog;

function ran(name: string, input: Record<string, unknown>): void {
  appendFileSync(join(dir, 'effects.txt'), `${name} ${String(input['word'])}\n`);
  if (input['die'] === true) process.kill(process.pid, 'SIGKILL');
}

const tools = (['read', 'write'] as const).map((effect) =>
  toolOf(effect, effect, async (input) => {
    ran(effect, input);
    await new Promise((resolve) => setTimeout(resolve, Number(input['ms'] ?? 0)));
    return `${effect} did ${String(input['word'])}`;
  }),
);

const store = await openStore({ path: join(dir, 'openclaw.db'), clock: systemClock, log });
const agent = agentSettings(join(dir, 'workspace'), options.agent);
const gateway = createGateway(await partsOf({ dir, botApi, modelApi }, store, agent, { ...options, tools, log }));
await gateway.start();
process.on('SIGTERM', () => {
  void gateway.stop({ graceMs: 2_000 }).then(async () => {
    await store.close();
    process.exit(0);
  });
});
