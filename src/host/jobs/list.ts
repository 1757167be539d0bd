/** The scheduled jobs: what each runs, as whom, and when. */
import type { HostSettings } from '../settings/schema.ts';

export type JobName = 'audit' | 'identity' | 'funnel' | 'credentials' | 'backup';

export interface Job {
  name: JobName;
  description: string;
  /** systemd calendar expression. */
  when: string;
  /** Under `reference`: where the document has it, instead of a timer. */
  cron?: string;
  /** After this many days without a run something is wrong. */
  overdueDays: number;
}

export function jobsOf(settings: HostSettings): Job[] {
  const jobs: Job[] = [
    {
      name: 'audit',
      description: 'deep security audit',
      when: 'weekly',
      cron: '/etc/cron.weekly/openclaw-security-audit',
      overdueDays: 8,
    },
    {
      name: 'identity',
      description: 'identity check',
      when: 'weekly',
      cron: '/etc/cron.weekly/openclaw-soul-check',
      overdueDays: 8,
    },
    { name: 'funnel', description: 'Funnel check', when: 'daily', cron: '/etc/cron.daily/openclaw-funnel-check', overdueDays: 2 },
    { name: 'credentials', description: 'age of the credentials', when: 'weekly', overdueDays: 8 },
  ];
  if (settings.backup.target) jobs.push({ name: 'backup', description: 'backup', when: 'daily', overdueDays: 2 });
  return jobs;
}

export const isJobName = (text: string): text is JobName =>
  ['audit', 'identity', 'funnel', 'credentials', 'backup'].includes(text);
