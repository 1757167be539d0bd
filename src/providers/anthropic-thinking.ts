/**
 * Owns how much a Claude model thinks, and what becomes of thoughts when the conversation before them changed.
 * Facts: https://platform.claude.com/docs/en/build-with-claude/extended-thinking, .../preserved-thinking/prefix-checks.
 */
import type { JSONObject, LanguageModelV4CallOptions } from '@ai-sdk/provider';
import type { ModelMessage, ModelRequest, ThinkingLevel } from '../domain/model.ts';
import { keptFor } from './replay.ts';

/** Their thoughts are bound to all that was before them; a compaction or a new system prompt makes them invalid. */
const BOUND_THOUGHTS = /claude-(?:(?:fable|mythos)-5-[12]|(?:opus|sonnet|haiku)-5-5)/;
/** Of these, the one that can be told not to think. */
const CAN_BE_SILENT = /claude-haiku-5-5/;
/** Think by a budget of tokens, and then refuse a turn of tool calls that did not begin with a thought. */
const BUDGETED = /claude-(?:3-7|(?:opus|sonnet)-4-(?:[015]|20)|haiku-4-5)/;

const EFFORTS: Record<ThinkingLevel, string> = {
  off: 'low',
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'xhigh',
};

export interface AnthropicThinking {
  reasoning?: LanguageModelV4CallOptions['reasoning'];
  anthropic: JSONObject;
}

export function anthropicThinking(request: ModelRequest, from: string): AnthropicThinking {
  const { model, thinking: level } = request;
  if (BOUND_THOUGHTS.test(model)) return { anthropic: boundThinking(model, level) };
  if (level === 'off') return model.includes('claude-') ? { reasoning: 'none', anthropic: {} } : { anthropic: {} };
  if (BUDGETED.test(model) && hasForeignToolTurn(request.messages, from)) return { reasoning: 'none', anthropic: {} };
  return { reasoning: level, anthropic: {} };
}

function boundThinking(model: string, level: ThinkingLevel): JSONObject {
  // With thinking off, a thought that no longer fits cannot be dropped by the vendor: none is sent.
  if (level === 'off' && CAN_BE_SILENT.test(model)) return { thinking: { type: 'disabled' }, sendReasoning: false };
  return {
    thinking: { type: 'adaptive', display: 'summarized', blockBinding: { prefixMismatchBehavior: 'drop_block' } },
    effort: EFFORTS[level],
  };
}

/** Another model made tool calls since the person last spoke, so that their thoughts are missing. */
function hasForeignToolTurn(messages: ModelMessage[], from: string): boolean {
  const current = messages.slice(messages.findLastIndex((message) => message.role === 'user') + 1);
  return current.some(
    (message) =>
      message.role === 'assistant' &&
      message.parts.some((part) => part.type === 'tool-call') &&
      !message.parts.some((part) => part.type === 'reasoning' && keptFor(part.providerData, from)),
  );
}
