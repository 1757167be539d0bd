/** `logging`, `discovery`, `skills`, `plugins`, `update`, and the notes that tools leave in the file. */
import * as z from 'zod';
import type { SettingFacts } from '../../domain/setting.ts';
import { group, only } from './field.ts';

export const loggingSection = group(
  {
    level: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .meta({
        description: 'The least important lines that are written. What people wrote is never logged above debug.',
      } satisfies SettingFacts),
    redactSensitive: only('tools', {
      description: 'Secrets are removed from every line, by value and by shape.',
      because: 'Redaction cannot be switched off.',
    }),
  },
  { description: 'What the gateway writes to its log (standard error, so the journal).', restart: 'live' },
);

export const discoverySection = group(
  {
    mdns: group({
      mode: only('off', {
        description: 'Announce the gateway in the local network.',
        because: 'The gateway is on loopback and announces nothing: what it says in the network could steer clients elsewhere.',
      }),
    }),
  },
  { description: 'Finding the gateway in a network.', restart: 'gateway' },
);

export const skillsSection = group(
  {
    install: group({
      nodeManager: z
        .enum(['npm', 'pnpm', 'yarn', 'bun'])
        .default('npm')
        .meta({
          description: 'What would install the packages of a skill. This version installs nothing at run time.',
        } satisfies SettingFacts),
    }),
  },
  { description: 'Skills.', restart: 'live' },
);

/** `openclaw plugins enable telegram` writes here; the names are those of the channels. */
export function pluginsSection(ids: readonly string[]) {
  const entry = z.strictObject({
    enabled: z
      .boolean()
      .default(true)
      .meta({
        description: 'false keeps the channel off, whatever its own section says; true runs it with its defaults if it has none.',
      } satisfies SettingFacts),
  });
  return group(
    {
      entries: z
        .strictObject(Object.fromEntries(ids.map((id) => [id, entry.optional().meta({ description: `The channel ${id}.` })])))
        .prefault({})
        .meta({ description: 'Channels by id.' } satisfies SettingFacts),
    },
    { description: 'Channels on and off.', restart: 'channel' },
  );
}

export const updateSection = group(
  {
    source: z
      .string()
      .regex(/^(?:https:\/\/|\/|~\/)\S+$/)
      .optional()
      .meta({
        description: 'Where `openclaw update` finds releases. Nothing is ever looked up by itself.',
        expects: 'an https:// address or an absolute path',
        defaultText: 'none',
      } satisfies SettingFacts),
  },
  { description: 'Updates.', restart: 'live' },
);

const note = z.string().max(200).optional();

export const metaSection = z
  .strictObject({
    lastTouchedVersion: note.meta({ description: 'The version that wrote the file last.' } satisfies SettingFacts),
    lastTouchedAt: note.meta({ description: 'When.' } satisfies SettingFacts),
  })
  .optional()
  .meta({ description: 'Notes that other versions leave. Nothing reads them.', restart: 'live' } satisfies SettingFacts);

export const wizardSection = z
  .strictObject({
    lastRunAt: note.meta({ description: 'When the set-up ran.' } satisfies SettingFacts),
    lastRunVersion: note.meta({ description: 'In which version.' } satisfies SettingFacts),
    lastRunCommit: note.meta({ description: 'From which commit.' } satisfies SettingFacts),
    lastRunCommand: note.meta({ description: 'By which command.' } satisfies SettingFacts),
    lastRunMode: note.meta({ description: 'In which mode.' } satisfies SettingFacts),
  })
  .optional()
  .meta({ description: 'Notes of the set-up. Nothing reads them.', restart: 'live' } satisfies SettingFacts);
