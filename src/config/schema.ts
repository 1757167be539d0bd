/**
 * The one schema of the configuration. Validation, JSON Schema, docs, error texts and the types of the resolved settings
 * come from it. It is strict: what it does not name is refused.
 */
import * as z from 'zod/mini';
import { setting } from '../domain/setting.ts';
import type { ChannelPlugin } from '../domain/channel.ts';
import { agentsSection, bindingsSection } from './sections/agents.ts';
import { channelsSection } from './sections/channels.ts';
import { commandsSection, messagesSection, sessionSection } from './sections/conversation.ts';
import { gatewaySection } from './sections/gateway.ts';
import {
  discoverySection,
  loggingSection,
  metaSection,
  pluginsSection,
  skillsSection,
  updateSection,
  wizardSection,
} from './sections/host.ts';
import { modelsSection } from './sections/models.ts';
import { toolsSection } from './sections/tools.ts';

/** What the lists of plugins add to the schema. */
interface SchemaParts {
  channels: readonly ChannelPlugin<never>[];
  /** Wire formats of model providers. */
  apis: readonly string[];
}

export function createConfigSchema(parts: SchemaParts) {
  const channelIds = parts.channels.map(({ id }) => id);
  return z.strictObject({
    $schema: setting(z.optional(z.string().check(z.maxLength(500))), {
      description: 'For editors: where the JSON Schema of this file is.',
      restart: 'live',
    }),
    gateway: gatewaySection,
    channels: channelsSection(parts.channels),
    agents: agentsSection,
    bindings: bindingsSection(channelIds),
    models: modelsSection(parts.apis),
    tools: toolsSection,
    session: sessionSection,
    messages: messagesSection(channelIds),
    commands: commandsSection,
    logging: loggingSection,
    discovery: discoverySection,
    plugins: pluginsSection(channelIds),
    skills: skillsSection,
    update: updateSection,
    meta: metaSection,
    wizard: wizardSection,
  });
}

export type ConfigSchema = ReturnType<typeof createConfigSchema>;
/** A valid configuration with its defaults filled in. Secrets are `Secret` values. */
export type Config = z.output<ConfigSchema>;
