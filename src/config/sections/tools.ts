/** `tools`: what the agent may call. Deny always wins. */
import * as z from 'zod/mini';
import { setting } from '../../domain/setting.ts';
import { group, idList, only } from './field.ts';

const toolNames = (description: string) =>
  setting(
    z.array(
      setting(
        z.pipe(
          z.string().check(z.regex(/^(?:group:)?[a-z0-9_*-]{1,64}$/i)),
          z.transform((name) => name.toLowerCase()),
        ),
        { description: 'One tool.', expects: 'the name of a tool, "group:NAME" or a pattern with *' },
      ),
    ),
    { description },
  );

const policyShape = {
  profile: setting(z.optional(z.enum(['minimal', 'coding', 'messaging', 'full'])), {
    description: 'A ready-made set to start from.',
    defaultText: 'full',
  }),
  allow: z.optional(toolNames('Only these tools.')),
  alsoAllow: z.optional(toolNames('These tools besides the profile’s.')),
  deny: z.optional(toolNames('Never these tools, whatever else says yes.')),
};

/** `allow` replaces the profile, `alsoAllow` adds to it: both at once say two things. */
const notBoth = z.refine<{ allow?: unknown; alsoAllow?: unknown }>((policy) => !(policy.allow && policy.alsoAllow), {
  error: 'allow and alsoAllow exclude each other: allow names all tools, alsoAllow adds to the profile.',
  path: ['alsoAllow'],
});

export const agentToolsSection = () =>
  setting(z.strictObject(policyShape).check(notBoth), {
    description: 'What this agent may call, within what all may.',
  });

export const toolsSection = setting(
  z.prefault(
    z
      .strictObject({
        ...policyShape,
        elevated: group({
          enabled: only(false, {
            description: 'Let a conversation leave its sandbox.',
            because: 'Tools never leave the sandbox. `agents.list[].sandbox.mode: "off"` gives one agent the host itself.',
          }),
          allowFrom: setting(
            z.optional(
              z.record(
                z.string().check(z.regex(/^[a-z][a-z0-9-]*$/)),
                idList({ description: 'Senders by channel.' }, 'without *'),
              ),
            ),
            {
              description:
                'Who could leave the sandbox, by channel. As long as `enabled` is false, which it always is, nobody can.',
              expects: 'an object by channel; each entry a list of numeric ids',
            },
          ),
        }),
        exec: group({
          timeoutSec: setting(z._default(z.number().check(z.gte(1), z.lte(86_400)), 300), {
            description: 'A command is killed with all its children after this long, unless the model asks for less.',
          }),
          backgroundMs: setting(z._default(z.int().check(z.gte(0), z.lte(600_000)), 10_000), {
            description: 'A command that runs longer goes on in the background.',
          }),
        }),
        maxOutputChars: setting(z._default(z.int().check(z.gte(500), z.lte(400_000)), 16_000), {
          description: 'Of a tool’s output the model reads this much; the rest lies in a file that it can read.',
          unit: 'characters',
        }),
      })
      .check(notBoth as never),
    {},
  ),
  { description: 'What the agent may call. Deny always wins.', restart: 'live' },
);
