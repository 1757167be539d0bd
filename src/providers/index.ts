/**
 * Owns the list of wire formats. To add one: its file, and a word here; the contract suite runs over the list.
 */
import type { ProviderPlugin } from '../domain/model.ts';
import { anthropicMessages } from './anthropic-messages.ts';
import { googleGenerativeAi } from './google-generative-ai.ts';
import { openaiCompletions } from './openai-completions.ts';
import { openaiResponses } from './openai-responses.ts';

export const providers: readonly ProviderPlugin[] = [openaiCompletions, openaiResponses, anthropicMessages, googleGenerativeAi];
