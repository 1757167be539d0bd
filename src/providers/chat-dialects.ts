/**
 * Owns how the servers that speak Chat Completions differ: one entry for each provider that is not like the rest.
 * Each entry says where the vendor documents it.
 */
import type { JSONObject } from '@ai-sdk/provider';
import type { ThinkingLevel } from '../domain/model.ts';
import { commonCallId, nineCharacterCallId } from './call-ids.ts';

export interface ChatDialect {
  maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /** Sends `stream_options.include_usage`. */
  asksForUsage: boolean;
  /** Sends `prompt_cache_key`. */
  takesCacheKey: boolean;
  /** What the model thought since the person last spoke must come back with its tool calls. */
  wantsReasoningBack: boolean;
  callId(id: string): string;
  /** What goes into the body to ask for this much thinking. */
  thinking(level: ThinkingLevel, modelId: string): JSONObject;
}

type Thinking = ChatDialect['thinking'];

const THREE_LEVELS: Record<Exclude<ThinkingLevel, 'off'>, string> = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
};

/** The three efforts that nearly all servers know; nothing is sent when thinking is off, since most refuse the field then. */
const threeEfforts: Thinking = (level) => (level === 'off' ? {} : { reasoning_effort: THREE_LEVELS[level] });

const openaiEfforts: Thinking = (level) => (level === 'off' ? {} : { reasoning_effort: level });

const never: Thinking = () => ({});

function onlyFor(models: RegExp, thinking: Thinking): Thinking {
  return (level, modelId) => (models.test(modelId) ? thinking(level, modelId) : {});
}

/** A switch without levels: DeepSeek, Z.ai and Moonshot. On by default, so that off must be said. */
const thinkingSwitch: Thinking = (level) => ({ thinking: { type: level === 'off' ? 'disabled' : 'enabled' } });

const USUAL: ChatDialect = {
  maxTokensField: 'max_tokens',
  asksForUsage: true,
  takesCacheKey: false,
  wantsReasoningBack: false,
  callId: commonCallId,
  thinking: threeEfforts,
};

const DIALECTS: Readonly<Record<string, Partial<ChatDialect>>> = {
  // platform.openai.com/docs/api-reference/chat/create
  openai: { maxTokensField: 'max_completion_tokens', takesCacheKey: true, thinking: openaiEfforts },
  // openrouter.ai/docs/use-cases/reasoning-tokens
  openrouter: { thinking: (level) => (level === 'off' ? {} : { reasoning: { effort: level } }) },
  // docs.mistral.ai/api: ids of nine characters; usage comes unasked
  mistral: { asksForUsage: false, callId: nineCharacterCallId, thinking: never },
  // docs.x.ai: grok-4 always thinks and refuses the field
  xai: { thinking: onlyFor(/^grok-(?:3-mini|4\.[3-9]|[5-9])/, threeEfforts) },
  // console.groq.com/docs/reasoning
  groq: { thinking: onlyFor(/gpt-oss/, threeEfforts) },
  // inference-docs.cerebras.ai/capabilities/reasoning
  cerebras: { thinking: onlyFor(/gpt-oss/, threeEfforts) },
  // api-docs.deepseek.com/guides/thinking_mode
  deepseek: {
    thinking: (level, modelId) => ({ ...thinkingSwitch(level, modelId), ...threeEfforts(level, modelId) }),
    wantsReasoningBack: true,
  },
  // docs.z.ai/guides/capabilities/thinking-mode
  zai: { thinking: onlyFor(/^glm-(?:4\.[5-9]|[5-9])/, thinkingSwitch), wantsReasoningBack: true },
  // platform.moonshot.ai/docs: kimi-k2.5 and later
  moonshot: { thinking: onlyFor(/^kimi-k(?:2\.[5-9]|[3-9])/, thinkingSwitch), wantsReasoningBack: true },
};

export function dialectOf(providerId: string): ChatDialect {
  return { ...USUAL, ...(Object.hasOwn(DIALECTS, providerId) ? DIALECTS[providerId] : {}) };
}
