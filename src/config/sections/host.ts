/** `logging`, `discovery`, `skills`, `plugins`, `update`, and the notes that tools leave in the file. */
import * as z from 'zod/mini';
import { setting } from '../../domain/setting.ts';
import { group, only } from './field.ts';

export const loggingSection = group(
  {
    level: setting(z._default(z.enum(['debug', 'info', 'warn', 'error', 'silent']), 'info'), {
      description: 'The least important lines that are written. What people wrote is never logged above debug.',
    }),
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
      nodeManager: setting(z._default(z.enum(['npm', 'pnpm', 'yarn', 'bun']), 'npm'), {
        description: 'What would install the packages of a skill. This version installs nothing at run time.',
      }),
    }),
  },
  { description: 'Skills.', restart: 'live' },
);

/** `openclaw plugins enable telegram` writes here; the names are those of the channels. */
export function pluginsSection(ids: readonly string[]) {
  const entry = z.strictObject({
    enabled: setting(z._default(z.boolean(), true), {
      description: 'false keeps the channel off, whatever its own section says; true runs it with its defaults if it has none.',
    }),
  });
  return group(
    {
      entries: setting(
        z.prefault(
          z.strictObject(
            Object.fromEntries(ids.map((id) => [id, setting(z.optional(entry), { description: `The channel ${id}.` })])),
          ),
          {},
        ),
        { description: 'Channels by id.' },
      ),
    },
    { description: 'Channels on and off.', restart: 'channel' },
  );
}

export const updateSection = group(
  {
    source: setting(z.optional(z.string().check(z.regex(/^(?:https:\/\/|\/|~\/)\S+$/))), {
      description: 'Where `openclaw update` finds releases. Nothing is ever looked up by itself.',
      expects: 'an https:// address or an absolute path',
      defaultText: 'none',
    }),
  },
  { description: 'Updates.', restart: 'live' },
);

const note = () => z.optional(z.string().check(z.maxLength(200)));

export const metaSection = setting(
  z.optional(
    z.strictObject({
      lastTouchedVersion: setting(note(), { description: 'The version that wrote the file last.' }),
      lastTouchedAt: setting(note(), { description: 'When.' }),
    }),
  ),
  { description: 'Notes that other versions leave. Nothing reads them.', restart: 'live' },
);

export const wizardSection = setting(
  z.optional(
    z.strictObject({
      lastRunAt: setting(note(), { description: 'When the set-up ran.' }),
      lastRunVersion: setting(note(), { description: 'In which version.' }),
      lastRunCommit: setting(note(), { description: 'From which commit.' }),
      lastRunCommand: setting(note(), { description: 'By which command.' }),
      lastRunMode: setting(note(), { description: 'In which mode.' }),
    }),
  ),
  { description: 'Notes of the set-up. Nothing reads them.', restart: 'live' },
);
