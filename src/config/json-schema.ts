/** The configuration's JSON Schema, for editors and for the control page. */
import * as z from 'zod/mini';
import type { ConfigSchema } from './schema.ts';

/** Facts of ours that JSON Schema has no word for; the others are dropped. */
const KEPT = ['restart', 'unit', 'secret'] as const;
const OURS = ['restart', 'unit', 'secret', 'defaultText', 'expects', 'because', 'perAccount'] as const;

export function jsonSchemaOf(schema: ConfigSchema): Record<string, unknown> {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      const facts = jsonSchema as Record<string, unknown>;
      if (facts.secret) {
        facts.type = 'string';
        delete facts.anyOf;
      }
      for (const key of KEPT) if (facts[key] !== undefined) facts[`x-${key}`] = facts[key];
      for (const key of OURS) delete facts[key];
    },
  });
  return { ...json, title: 'OpenClaw configuration' } as Record<string, unknown>;
}
