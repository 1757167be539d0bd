/**
 * Layer 11: the jobs. Timers of systemd that make up for a time when the host was off; under `reference` the document's cron files.
 * Each run leaves its result; one that fails or does not come is a finding.
 */
import type { Check, Mending } from '../../domain/check.ts';
import type { Layer, LayerInput } from '../engine/layer.ts';
import { finding, holds, hostCheck, unobserved } from '../engine/observations.ts';
import type { Resource } from '../engine/resource.ts';
import { jobsOf, type Job } from '../jobs/list.ts';
import { readJobResult } from '../jobs/result.ts';
import { commandPath } from '../layout.ts';
import { fileResource, rootOwned } from '../resources/file.ts';
import { packagesResource } from '../resources/package.ts';
import { daemonReload, unitResource } from '../resources/unit.ts';
import { renderUnit } from '../units/unit-file.ts';

const DAY_MS = 86_400_000;
export const jobUnit = (name: string): string => `openclaw-job-${name}`;

export const jobs: Layer = {
  id: 'jobs',
  title: 'Scheduled jobs',
  rows: [6, 11],
  resources: ({ settings }) => {
    const reference = settings.profile === 'reference';
    const all = jobsOf(settings).filter(({ name }) => name !== 'backup');
    return Promise.resolve([
      ...(reference ? [packagesResource(['cron'], ['ufw'])] : []),
      ...all.flatMap((job) => (reference && job.cron ? cronOf(job) : timerOf(job))),
    ]);
  },
  checks: (input) =>
    jobsOf(input.settings)
      .filter(({ name }) => name !== 'backup')
      .flatMap((job) => jobChecks(input, job)),
};

export function timerOf({ name, description, when }: Job): Resource[] {
  const unit = jobUnit(name);
  const folder = '/etc/systemd/system';
  const service = renderUnit({
    description: `OpenClaw: ${description}`,
    sections: [
      {
        name: 'Service',
        directives: [
          ['Type', 'oneshot'],
          ['ExecStart', `${commandPath} host job ${name}`],
          ['Nice', '10'],
        ],
      },
    ],
  });
  const timer = renderUnit({
    description: `OpenClaw: ${description}, ${when}`,
    sections: [
      {
        name: 'Timer',
        directives: [
          ['OnCalendar', when],
          ['Persistent', 'true'],
          ['RandomizedDelaySec', '1h'],
        ],
      },
      { name: 'Install', directives: [['WantedBy', 'timers.target']] },
    ],
  });
  return [
    fileResource({ path: `${folder}/${unit}.service`, content: service, ...rootOwned(0o644), triggers: [daemonReload] }),
    fileResource({ path: `${folder}/${unit}.timer`, content: timer, ...rootOwned(0o644), triggers: [daemonReload] }),
    unitResource({ name: `${unit}.timer`, enabled: true, active: true }),
  ];
}

function cronOf({ name, description, cron = '' }: Job): Resource[] {
  const text = `#!/bin/sh\n# OpenClaw: ${description}. The job writes its result to the journal and to openclaw host status.\nexec ${commandPath} host job ${name}\n`;
  return [fileResource({ path: cron, content: text, ...rootOwned(0o755) })];
}

export function jobChecks(input: LayerInput, job: Job): Check[] {
  return [
    hostCheck({
      id: `jobs.${job.name}.scheduled`,
      title: `The ${job.description} is scheduled`,
      severity: 'warn',
      rows: [6, 11],
      observe: () => scheduled(input, job),
    }),
    hostCheck({
      id: `jobs.${job.name}.result`,
      title: `The last ${job.description} found nothing`,
      severity: 'warn',
      rows: [6, 11],
      observe: () => lastResult(input, job),
      mending: running(input, job),
    }),
  ];
}

/** Runs it again: what it found may be mended by now. */
function running({ machine }: LayerInput, { name, description }: Job): Mending {
  return {
    changes: `Runs the ${description}.`,
    narrowsOnly: false,
    async mend() {
      const ran = await machine.run(commandPath, ['host', 'job', name], { timeoutMs: 600_000 });
      return `${description}: ${ran.stdout.trim() || ran.stderr.trim()}`;
    },
  };
}

async function scheduled({ machine, settings }: LayerInput, { name, cron }: Job): ReturnType<Check['observe']> {
  if (settings.profile === 'reference' && cron) {
    const active = await machine.run('systemctl', ['is-active', 'cron.service']);
    return active.code === 0 && (await machine.state(cron))
      ? holds(cron)
      : finding('cron does not run it', 'openclaw host repair --only jobs');
  }
  const listed = await machine.run('systemctl', ['list-timers', '--no-legend', `${jobUnit(name)}.timer`]);
  return listed.stdout.includes(jobUnit(name))
    ? holds(listed.stdout.trim().split(/\s{2,}/)[0] ?? '')
    : finding('no timer waits to run it', 'openclaw host repair --only jobs');
}

async function lastResult({ machine, settings }: LayerInput, job: Job): ReturnType<Check['observe']> {
  const result = await readJobResult(machine, job.name);
  const byHand = settings.profile === 'reference' && job.cron ? job.cron : `systemctl start ${jobUnit(job.name)}`;
  if (!result) return unobserved('it has not run yet', byHand);
  const days = (Date.now() - Date.parse(result.at)) / DAY_MS;
  if (!result.ok) return finding(`${result.at}: ${result.summary}`, `Mend what it says, then: ${byHand}`);
  return days > job.overdueDays
    ? finding(`it ran last ${Math.floor(days)} days ago`, byHand)
    : holds(`${result.at}: ${result.summary}`);
}
