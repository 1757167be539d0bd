/**
 * How a schema says what a setting means. A plugin's schema uses the same words as the configuration's own,
 * so that validation, JSON Schema, docs, `status` and the page all come from one place:
 *
 *     proxy: setting(z.optional(z.url()), { description: 'HTTP proxy for the Bot API.' })
 *     botToken: secretSetting({ description: 'Token that @BotFather gave.' })
 */
import * as z from 'zod/mini';
import { Secret } from './secret.ts';

/** What a change of the setting needs to take effect: nothing, a reconnect of the channel, a restart of the gateway. */
export type RestartScope = 'live' | 'channel' | 'gateway';

// An alias, not an interface: zod's `meta` takes it as it is.
export type SettingFacts = {
  /** One or two sentences for the owner. */
  description: string;
  /** Of a number, when the key's name does not say it. */
  unit?: string;
  /** Default: `channel` inside a channel, else what the section says. */
  restart?: RestartScope;
  /** What stands in the docs as the default where the schema has none, e.g. "the host's time zone". */
  defaultText?: string;
  /** What is expected, in words, where the schema's type does not say it: "a numeric id". */
  expects?: string;
  /** Why other values, which people know from elsewhere, are refused; and what to do instead. */
  because?: string;
  /** An account of the channel does not inherit it from the channel's section. True of every secret. */
  perAccount?: true;
  /** Set by `secretSetting`. */
  secret?: true;
};

/** The schema itself with its facts. Not by its `meta`, which copies the schema: that doubles the cost of building it. */
export function setting<S extends z.core.$ZodType>(schema: S, facts: SettingFacts): S {
  z.globalRegistry.add(schema, facts);
  return schema;
}

/**
 * A setting that holds a secret. In the file it is text: the value itself or a reference (`env:NAME`, `file:/path`, `op://…`,
 * `credential:NAME`); whoever reads the resolved configuration gets a `Secret`.
 */
export function secretSetting(facts: SettingFacts): z.ZodMiniType<Secret, Secret | string> {
  return setting(
    z.union([
      z.instanceof(Secret),
      z.pipe(
        z.string(),
        z.transform((value) => new Secret(value)),
      ),
    ]),
    { ...facts, secret: true },
  );
}
