/** `openclaw doctor [--fix] [--deep]`: can this installation do its job? Exit 0 healthy, 1 problems. */
import { defineCommand } from 'citty';
import { exitCodes, type ExitCode } from '../../runtime/exit-codes.ts';
import { isClean, printFindings, printMended, tellOf } from '../checks/report.ts';
import { runSession } from '../checks/session.ts';
import { contextOf } from '../command.ts';

export default defineCommand({
  args: {
    fix: { type: 'boolean', description: 'mend what only takes rights away; the rest with --yes' },
    yes: { type: 'boolean', description: 'with --fix: mend all that can be mended, without asking' },
    deep: { type: 'boolean', description: 'also ask the platforms and the model, and read the whole database' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call): Promise<ExitCode> {
    const context = contextOf(call);
    const { out } = context;
    const { deep = false, fix = false, yes = false, json } = call.args;
    const { observed, mended } = await runSession(context, { report: 'doctor', deep, fix, yes });
    const told = tellOf(observed);
    const code = isClean(told) ? exitCodes.ok : exitCodes.failed;
    const checks = observed.map(({ check: { id, title }, observation: { state, evidence } }) => ({ id, title, state, evidence }));
    if (json) {
      out.json({ ok: code === exitCodes.ok, ...told, checks, ...(fix && { fix: mended }) });
      return code;
    }
    if (fix) printMended(out, mended);
    for (const { title, state, evidence } of checks) {
      if (state === 'holds') out.line(`${out.style('green', 'ok')}  ${title}: ${evidence}`);
    }
    printFindings(out, told);
    out.line();
    const problems = told.summary.critical + told.summary.warn;
    out.line(problems === 0 ? 'Healthy.' : `${problems} problem${problems === 1 ? '' : 's'}.`);
    out.line('Is it safe? openclaw security audit');
    return code;
  },
});
