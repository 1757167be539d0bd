/** `openclaw host job NAME`: what timers and cron start. Its result goes to the journal and to `host status`. */
import { defineCommand } from 'citty';
import { AppError } from '../../../domain/errors.ts';
import { isJobName, jobsOf } from '../../../host/jobs/list.ts';
import { writeJobResult } from '../../../host/jobs/result.ts';
import { runJob } from '../../../host/jobs/run.ts';
import type { ExitCode } from '../../../runtime/exit-codes.ts';
import { contextOf } from '../../command.ts';
import { prepareHost } from './options.ts';

export default defineCommand({
  args: { name: { type: 'positional', required: true, description: 'audit, identity, funnel, credentials or backup' } },
  async run(call): Promise<ExitCode> {
    const context = contextOf(call);
    const { name } = call.args;
    const { input } = await prepareHost({}, context, `job ${name}`);
    if (!isJobName(name)) {
      throw new AppError('invalid', `There is no job "${name}".`, {
        hint: `Jobs: ${jobsOf(input.settings)
          .map((job) => job.name)
          .join(', ')}`,
      });
    }
    const outcome = await runJob(name, input);
    await writeJobResult(input.machine, name, { at: new Date().toISOString(), ...outcome });
    const level = outcome.ok ? 'info' : 'warning';
    await input.machine.run('logger', ['-t', `openclaw-${name}`, '-p', `daemon.${level}`, '--', outcome.summary]);
    context.out.line(outcome.summary);
    return outcome.ok ? 0 : 1;
  },
});
