/**
 * Owns the list of wire formats. To add one: its file, and a word here; the contract suite runs over the list.
 */
import type { ProviderPlugin } from '../domain/model.ts';
import { anthropicMessages } from './anthropic-messages.ts';
import { googleGenerativeAi } from './google-generative-ai.ts';
import { offline } from './offline.ts';
import { openaiCompletions } from './openai-completions.ts';
import { openaiResponses } from './openai-responses.ts';

/** Those that a vendor's server speaks. */
export const wireFormats: readonly ProviderPlugin[] = [openaiCompletions, openaiResponses, anthropicMessages, googleGenerativeAi];

export const providers: readonly ProviderPlugin[] = [...wireFormats, offline];
