/** `agents` and `bindings`: who answers, with which model, within which limits. */
import * as z from 'zod';
import type { SettingFacts } from '../../domain/setting.ts';
import { thinkingLevels } from '../../domain/model.ts';
import { group, modelReference, NAME, NAME_WORDS, only } from './field.ts';
import { overridesOf, overridesOfShape } from './overrides.ts';
import { agentSandboxSection, sandboxSection } from './sandbox.ts';
import { agentToolsSection } from './tools.ts';

const isTimeZone = (name: string): boolean => {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false;
  }
};

/** `"provider/model"` is short for `{primary: "provider/model"}`. */
const model = z
  .union([
    modelReference({ description: 'The model.' }).transform((primary) => ({ primary, fallbacks: [] as string[] })),
    z.strictObject({
      primary: modelReference({
        description: 'The model that answers.',
        defaultText: 'none: the built-in offline model',
      }).optional(),
      fallbacks: z
        .array(modelReference({ description: 'One model.' }))
        .default([])
        .meta({
          description: 'Tried in this order when the one before fails.',
        } satisfies SettingFacts),
    }),
  ])
  .meta({
    description: 'The language model and what stands in for it.',
    expects: 'a model as provider/model-id, or {primary, fallbacks}',
  } satisfies SettingFacts);

const workspace = z
  .string()
  .regex(/^(?:\/|~\/|~$)/)
  .optional();

const turnShape = {
  bootstrapMaxChars: z
    .int()
    .min(200)
    .max(200_000)
    .default(20_000)
    .meta({
      description: 'Of each workspace file this much reaches the prompt.',
      unit: 'characters',
    } satisfies SettingFacts),
  timeoutSeconds: z
    .number()
    .min(5)
    .max(86_400)
    .default(600)
    .meta({ description: 'Longest turn.' } satisfies SettingFacts),
  limits: group(
    {
      steps: z
        .int()
        .min(1)
        .max(1_000)
        .default(50)
        .meta({ description: 'Model calls of one turn.' } satisfies SettingFacts),
      tokens: z
        .int()
        .min(1_000)
        .max(1_000_000_000)
        .default(2_000_000)
        .meta({
          description: 'Input and output tokens of all model calls of one turn.',
        } satisfies SettingFacts),
      costUsd: z
        .number()
        .min(0)
        .max(10_000)
        .optional()
        .meta({
          description: 'What one turn may cost, where the model’s price is known.',
          unit: 'US dollars',
          defaultText: 'no limit',
        } satisfies SettingFacts),
      sameCall: z
        .int()
        .min(1)
        .max(100)
        .default(4)
        .meta({
          description: 'How often a turn may repeat the very same tool call.',
        } satisfies SettingFacts),
    },
    { description: 'What one turn may use up before it is ended.' },
  ),
  thinkingDefault: z
    .enum(thinkingLevels)
    .default('low')
    .meta({
      description: 'How long the model thinks, where it can and /think says nothing else.',
    } satisfies SettingFacts),
  compaction: group(
    {
      mode: only('safeguard', {
        description: 'Before the context is full, what was said is summed up; rules, open work and failed attempts are kept.',
        because: 'There is one way of compaction, and it is the careful one.',
      }),
      reserveTokensFloor: z
        .int()
        .min(1_000)
        .max(500_000)
        .default(20_000)
        .meta({
          description: 'Compaction starts when less than this is free in the context.',
          unit: 'tokens',
        } satisfies SettingFacts),
      keepRecentTokens: z
        .int()
        .min(500)
        .max(500_000)
        .default(20_000)
        .meta({
          description: 'The newest part of the conversation that stays word for word.',
          unit: 'tokens',
        } satisfies SettingFacts),
    },
    { description: 'How a conversation that grows too long is shortened.' },
  ),
  userTimezone: z
    .string()
    .refine(isTimeZone)
    .optional()
    .meta({
      description: 'The time zone that the agent is told.',
      expects: 'an IANA time zone such as Europe/Berlin',
      defaultText: 'the host’s',
    } satisfies SettingFacts),
};

const defaults = group({
  model: model.optional(),
  workspace: workspace.meta({
    description:
      'The folder with the agent’s own files (AGENTS.md, SOUL.md and so on) that tools see. An agent with another id gets `<this>-<id>`.',
    expects: 'an absolute path, or one from ~/',
    defaultText: '`workspace` in the state directory',
  } satisfies SettingFacts),
  ...turnShape,
  mediaMaxMb: z
    .number()
    .min(0.1)
    .max(2_000)
    .default(20)
    .meta({
      description: 'Larger files that people send are not fetched. A channel’s own limit may be lower.',
      unit: 'MB',
    } satisfies SettingFacts),
  maxConcurrent: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .meta({
      description: 'Turns that run at once, over all conversations; others wait in their lanes.',
      defaultText: '2048',
    } satisfies SettingFacts),
  subagents: group({
    maxConcurrent: z
      .int()
      .min(1)
      .max(100_000)
      .default(8)
      .meta({
        description: 'Most sub-agents at once. This version starts none, so the limit always holds.',
      } satisfies SettingFacts),
  }),
  sandbox: sandboxSection,
});

const agent = z.strictObject({
  id: z
    .string()
    .regex(NAME)
    .meta({ description: 'Its name in session keys and paths; it never changes.', expects: NAME_WORDS } satisfies SettingFacts),
  default: z
    .boolean()
    .optional()
    .meta({ description: 'It answers whatever no binding gives to another; else the first does.' } satisfies SettingFacts),
  name: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'What people call it.', defaultText: 'its id' } satisfies SettingFacts),
  model: model.optional(),
  workspace: workspace.meta({
    description: 'Its own folder.',
    expects: 'an absolute path, or one from ~/',
  } satisfies SettingFacts),
  ...overridesOfShape(turnShape),
  sandbox: overridesOf(agentSandboxSection),
  tools: agentToolsSection.optional(),
});

export const agentsSection = group(
  {
    defaults: defaults.meta({ description: 'What holds for every agent.' } satisfies SettingFacts),
    list: z
      .array(agent)
      .refine((agents) => new Set(agents.map(({ id }) => id)).size === agents.length, { error: 'two agents have the same id.' })
      .refine((agents) => agents.filter((one) => one.default).length <= 1, { error: 'two agents are marked as the default.' })
      .default([])
      .meta({
        description: 'The agents. What one does not say comes from `agents.defaults`.',
        defaultText: 'one agent with the id `main`',
      } satisfies SettingFacts),
  },
  { description: 'Who answers, with which model, within which limits.', restart: 'live' },
);

const matchOf = (channels: readonly string[]) =>
  z.strictObject({
    channel: z.enum(channels).meta({ description: 'The channel.' } satisfies SettingFacts),
    accountId: z
      .string()
      .regex(/^(?:\*|[a-z0-9][a-z0-9_-]{0,31})$/)
      .optional()
      .meta({
        description: 'The account of the channel; `*` for any.',
        expects: `${NAME_WORDS}, or "*"`,
        defaultText: '`default`',
      } satisfies SettingFacts),
    peer: z
      .strictObject({
        kind: z.enum(['direct', 'group', 'channel']).meta({ description: 'What kind of chat.' } satisfies SettingFacts),
        id: z
          .union([z.int(), z.string().min(1).max(100)])
          .transform(String)
          .meta({
            description: 'The platform’s id of the person or the group.',
            expects: 'the platform’s id',
          } satisfies SettingFacts),
      })
      .optional()
      .meta({ description: 'Only this chat.' } satisfies SettingFacts),
  });

export const bindingsSection = (channels: readonly string[]) =>
  z
    .array(
      z.strictObject({
        agentId: z
          .string()
          .regex(NAME)
          .meta({ description: 'The agent that answers.', expects: 'the id of an agent' } satisfies SettingFacts),
        match: matchOf(channels).meta({ description: 'Which messages.' } satisfies SettingFacts),
      }),
    )
    .default([])
    .meta({
      description:
        'Which agent answers where. The most exact one wins: chat, then account, then channel; else the default agent.',
      restart: 'live',
    } satisfies SettingFacts);
