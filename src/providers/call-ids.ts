/**
 * Owns tool call ids on their way out. A conversation may hold calls that another vendor's model made, and each vendor
 * allows other ids. The same id always becomes the same one, so that calls and results still match.
 */
import { createHash } from 'node:crypto';

function digest(id: string, length: number): string {
  return createHash('sha256').update(id).digest('hex').slice(0, length);
}

/** Letters, digits, `_` and `-`, at most 64: what Anthropic, OpenAI and Google all take. */
export function commonCallId(id: string): string {
  return /^[\w-]{1,64}$/.test(id) ? id : `call_${digest(id, 24)}`;
}

/** Mistral takes exactly nine letters and digits (https://docs.mistral.ai/api). */
export function nineCharacterCallId(id: string): string {
  return /^[A-Za-z0-9]{9}$/.test(id) ? id : digest(id, 9);
}
