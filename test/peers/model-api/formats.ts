/**
 * Owns the list of wire formats that the peer speaks.
 */
import { chatCompletions } from './chat-completions.ts';
import type { Format } from './format.ts';

export const formats: readonly Format[] = [chatCompletions];
