/** `agents` and `bindings`: who answers, with which model, within which limits. */
import * as z from 'zod/mini';
import { setting } from '../../domain/setting.ts';
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
const model = setting(
  z.union([
    z.pipe(
      modelReference({ description: 'The model.' }),
      z.transform((primary) => ({ primary, fallbacks: [] as string[] })),
    ),
    z.strictObject({
      primary: z.optional(
        modelReference({
          description: 'The model that answers.',
          defaultText: 'none: the built-in offline model',
        }),
      ),
      fallbacks: setting(z._default(z.array(modelReference({ description: 'One model.' })), []), {
        description: 'Tried in this order when the one before fails.',
      }),
    }),
  ]),
  {
    description: 'The language model and what stands in for it.',
    expects: 'a model as provider/model-id, or {primary, fallbacks}',
  },
);

const workspace = () => z.optional(z.string().check(z.regex(/^(?:\/|~\/|~$)/)));

const turnShape = {
  bootstrapMaxChars: setting(z._default(z.int().check(z.gte(200), z.lte(200_000)), 20_000), {
    description: 'Of each workspace file this much reaches the prompt.',
    unit: 'characters',
  }),
  timeoutSeconds: setting(z._default(z.number().check(z.gte(5), z.lte(86_400)), 600), { description: 'Longest turn.' }),
  limits: group(
    {
      steps: setting(z._default(z.int().check(z.gte(1), z.lte(1_000)), 50), { description: 'Model calls of one turn.' }),
      tokens: setting(z._default(z.int().check(z.gte(1_000), z.lte(1_000_000_000)), 2_000_000), {
        description: 'Input and output tokens of all model calls of one turn.',
      }),
      costUsd: setting(z.optional(z.number().check(z.gte(0), z.lte(10_000))), {
        description: 'What one turn may cost, where the model’s price is known.',
        unit: 'US dollars',
        defaultText: 'no limit',
      }),
      sameCall: setting(z._default(z.int().check(z.gte(1), z.lte(100)), 4), {
        description: 'How often a turn may repeat the very same tool call.',
      }),
    },
    { description: 'What one turn may use up before it is ended.' },
  ),
  thinkingDefault: setting(z._default(z.enum(thinkingLevels), 'low'), {
    description: 'How long the model thinks, where it can and /think says nothing else.',
  }),
  compaction: group(
    {
      mode: only('safeguard', {
        description: 'Before the context is full, what was said is summed up; rules, open work and failed attempts are kept.',
        because: 'There is one way of compaction, and it is the careful one.',
      }),
      reserveTokensFloor: setting(z._default(z.int().check(z.gte(1_000), z.lte(500_000)), 20_000), {
        description: 'Compaction starts when less than this is free in the context.',
        unit: 'tokens',
      }),
      keepRecentTokens: setting(z._default(z.int().check(z.gte(500), z.lte(500_000)), 20_000), {
        description: 'The newest part of the conversation that stays word for word.',
        unit: 'tokens',
      }),
    },
    { description: 'How a conversation that grows too long is shortened.' },
  ),
  userTimezone: setting(z.optional(z.string().check(z.refine(isTimeZone))), {
    description: 'The time zone that the agent is told.',
    expects: 'an IANA time zone such as Europe/Berlin',
    defaultText: 'the host’s',
  }),
};

const defaults = group({
  model: z.optional(model),
  workspace: setting(workspace(), {
    description:
      'The folder with the agent’s own files (AGENTS.md, SOUL.md and so on) that tools see. An agent with another id gets `<this>-<id>`.',
    expects: 'an absolute path, or one from ~/',
    defaultText: '`workspace` in the state directory',
  }),
  ...turnShape,
  mediaMaxMb: setting(z._default(z.number().check(z.gte(0.1), z.lte(2_000)), 20), {
    description: 'Larger files that people send are not fetched. A channel’s own limit may be lower.',
    unit: 'MB',
  }),
  maxConcurrent: setting(z.optional(z.int().check(z.gte(1), z.lte(100_000))), {
    description: 'Turns that run at once, over all conversations; others wait in their lanes.',
    defaultText: '2048',
  }),
  subagents: group({
    maxConcurrent: setting(z._default(z.int().check(z.gte(1), z.lte(100_000)), 8), {
      description: 'Most sub-agents at once. This version starts none, so the limit always holds.',
    }),
  }),
  sandbox: sandboxSection,
});

/** Built when there is a list: most installations have none. */
const agent = () =>
  z.strictObject({
    id: setting(z.string().check(z.regex(NAME)), {
      description: 'Its name in session keys and paths; it never changes.',
      expects: NAME_WORDS,
    }),
    default: setting(z.optional(z.boolean()), {
      description: 'It answers whatever no binding gives to another; else the first does.',
    }),
    name: setting(z.optional(z.string().check(z.minLength(1), z.maxLength(100))), {
      description: 'What people call it.',
      defaultText: 'its id',
    }),
    model: z.optional(model),
    workspace: setting(workspace(), {
      description: 'Its own folder.',
      expects: 'an absolute path, or one from ~/',
    }),
    ...overridesOfShape(turnShape),
    sandbox: overridesOf(agentSandboxSection()),
    tools: z.optional(agentToolsSection()),
  });

export const agentsSection = group(
  {
    defaults: setting(defaults, { description: 'What holds for every agent.' }),
    list: setting(
      z._default(
        z.array(z.lazy(agent)).check(
          z.refine((agents) => new Set(agents.map(({ id }) => id)).size === agents.length, {
            error: 'two agents have the same id.',
          }),
          z.refine((agents) => agents.filter((one) => one.default).length <= 1, {
            error: 'two agents are marked as the default.',
          }),
        ),
        [],
      ),
      {
        description: 'The agents. What one does not say comes from `agents.defaults`.',
        defaultText: 'one agent with the id `main`',
      },
    ),
  },
  { description: 'Who answers, with which model, within which limits.', restart: 'live' },
);

const matchOf = (channels: readonly string[]) =>
  z.strictObject({
    channel: setting(z.enum(channels), { description: 'The channel.' }),
    accountId: setting(z.optional(z.string().check(z.regex(/^(?:\*|[a-z0-9][a-z0-9_-]{0,31})$/))), {
      description: 'The account of the channel; `*` for any.',
      expects: `${NAME_WORDS}, or "*"`,
      defaultText: '`default`',
    }),
    peer: setting(
      z.optional(
        z.strictObject({
          kind: setting(z.enum(['direct', 'group', 'channel']), { description: 'What kind of chat.' }),
          id: setting(z.pipe(z.union([z.int(), z.string().check(z.minLength(1), z.maxLength(100))]), z.transform(String)), {
            description: 'The platform’s id of the person or the group.',
            expects: 'the platform’s id',
          }),
        }),
      ),
      { description: 'Only this chat.' },
    ),
  });

export const bindingsSection = (channels: readonly string[]) =>
  setting(
    z._default(
      z.array(
        z.strictObject({
          agentId: setting(z.string().check(z.regex(NAME)), {
            description: 'The agent that answers.',
            expects: 'the id of an agent',
          }),
          match: setting(matchOf(channels), { description: 'Which messages.' }),
        }),
      ),
      [],
    ),
    {
      description:
        'Which agent answers where. The most exact one wins: chat, then account, then channel; else the default agent.',
      restart: 'live',
    },
  );
