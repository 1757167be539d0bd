/** `openclaw security audit [--deep] [--fix]`: is this installation safe? Exit 0 clean (remarks do not count), 1 findings. */
import { defineCommand } from 'citty';
import { portOf } from '../../../checks/gateway.ts';
import type { Mended } from '../../../checks/run.ts';
import { exitCodes, type ExitCode } from '../../../runtime/exit-codes.ts';
import { checkEdges } from '../../checks/edges.ts';
import { isClean, printFindings, printMended, tellOf } from '../../checks/report.ts';
import { runSession } from '../../checks/session.ts';
import { contextOf } from '../../command.ts';
import type { CliContext } from '../../context.ts';

export default defineCommand({
  args: {
    deep: { type: 'boolean', description: 'really connect, and look into the sandboxes alive' },
    fix: { type: 'boolean', description: 'mend what only takes rights away; the rest with --yes' },
    yes: { type: 'boolean', description: 'with --fix: mend all that can be mended, without asking' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call): Promise<ExitCode> {
    const context = contextOf(call);
    const { out } = context;
    const { deep = false, fix = false, yes = false, json } = call.args;
    const { observed, mended } = await runSession(context, { report: 'audit', deep, fix, yes });
    const told = tellOf(observed);
    const code = isClean(told) ? exitCodes.ok : exitCodes.failed;
    if (json) {
      const report = { ts: Date.now(), ...told, ...(deep && { deep: await deepOf(context) }) };
      out.json(fix ? { fix: fixOf(context, mended), report } : report);
      return code;
    }
    if (fix) printMended(out, mended);
    const { critical, warn, info } = told.summary;
    out.line('OpenClaw security audit');
    out.line(`Summary: ${critical} critical · ${warn} warn · ${info} info`);
    if (!deep) out.line('Run deeper: openclaw security audit --deep');
    printFindings(out, told);
    return code;
  },
});

async function deepOf(context: CliContext): Promise<unknown> {
  const edges = await checkEdges(context, false);
  const ok = await edges.gatewayRuns().catch(() => false);
  const error = ok ? null : 'no gateway answers';
  return { gateway: { attempted: true, url: `http://127.0.0.1:${portOf(edges)}`, ok, error, close: null } };
}

function fixOf(context: CliContext, mended: readonly Mended[]): unknown {
  const { stateDir, configPath } = context.paths();
  const done = mended.filter(({ ok }) => ok);
  const failed = mended.filter(({ ok }) => !ok);
  return {
    ok: failed.length === 0,
    stateDir,
    configPath,
    configWritten: done.some(({ detail }) => detail.endsWith(` in ${configPath}`)),
    changes: done.map(({ detail }) => detail),
    actions: mended.map(({ id, ok, detail }) => ({ kind: 'mend', checkId: id, ok, ...(ok ? {} : { error: detail }) })),
    errors: failed.map(({ id, detail }) => `${id}: ${detail}`),
  };
}
