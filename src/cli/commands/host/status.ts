/** `openclaw host status`: the document's twelve rows at a glance, from the last verification, and what the jobs said. */
import { defineCommand } from 'citty';
import type { Machine } from '../../../host/engine/machine.ts';
import { findingsOf } from '../../../host/engine/verify.ts';
import { jobsOf } from '../../../host/jobs/list.ts';
import { readJobResult } from '../../../host/jobs/result.ts';
import { documentRows } from '../../../host/layers/index.ts';
import type { HostSettings } from '../../../host/settings/schema.ts';
import { lastVerification, type VerificationRecord } from '../../../host/verification-record.ts';
import { contextOf } from '../../command.ts';
import { ago } from '../../time.ts';
import { hostArgs, prepareHost } from './options.ts';

interface Row {
  number: number;
  name: string;
  state: 'holds' | 'finding' | 'not verified';
  evidence: string;
}

const { json, root } = hostArgs;

export default defineCommand({
  args: { json, root },
  async run(call) {
    const context = contextOf(call);
    const { out } = context;
    const { input } = await prepareHost(call.args, context, 'status');
    const record = await lastVerification(input.machine);
    const rows = documentRows.map((name, at) => rowOf(at + 1, name, record));
    const jobs = await jobRows(input.machine, input.settings);
    if (call.args.json) return out.json({ verifiedAt: record?.at ?? null, rows, jobs });
    out.table(
      ['#', 'LAYER', 'STATE', ''],
      rows.map((row) => [String(row.number), row.name, row.state, row.evidence.slice(0, 90)]),
      '',
    );
    out.line();
    out.table(
      ['JOB', 'LAST RUN', 'RESULT'],
      jobs.map((job) => [job.name, job.at ? ago(Date.parse(job.at)) : 'never', job.summary.slice(0, 90)]),
      '',
    );
    out.line();
    out.line(record ? `Verified ${ago(Date.parse(record.at))} (${record.at}).` : 'Not verified yet: openclaw host verify');
  },
});

function rowOf(number: number, name: string, record: VerificationRecord | undefined): Row {
  const own = record?.results.filter(({ rows }) => rows.includes(number)) ?? [];
  const findings = findingsOf(own);
  if (findings.length)
    return { number, name, state: 'finding', evidence: findings.map(({ observation }) => observation.evidence).join('; ') };
  const held = own.filter(({ observation }) => observation.state === 'holds');
  if (held.length) return { number, name, state: 'holds', evidence: `${held.length} checks` };
  return { number, name, state: 'not verified', evidence: own[0]?.observation.evidence ?? '' };
}

interface JobRow {
  name: string;
  at: string | null;
  ok: boolean | null;
  summary: string;
}

async function jobRows(machine: Machine, settings: HostSettings): Promise<JobRow[]> {
  return Promise.all(
    jobsOf(settings).map(async ({ name }) => {
      const result = await readJobResult(machine, name);
      return {
        name,
        at: result?.at ?? null,
        ok: result?.ok ?? null,
        summary: result ? `${result.ok ? 'ok' : 'FAILED'}: ${result.summary}` : 'has not run yet',
      };
    }),
  );
}
