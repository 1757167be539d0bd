/**
 * Owns the list of wire formats that the peer speaks.
 */
import { anthropic } from './anthropic.ts';
import { chatCompletions } from './chat-completions.ts';
import type { Format } from './format.ts';
import { google } from './google.ts';
import { responses } from './responses.ts';

export const formats: readonly Format[] = [chatCompletions, responses, anthropic, google];
