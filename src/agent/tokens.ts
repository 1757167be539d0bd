/** Estimates of how many tokens a text takes, where no provider has counted it. Errs on the high side. */
import type { Entry } from '../domain/session.ts';

/** Bytes of UTF-8 that one token covers: English about 4, other scripts 2 to 3 bytes a character and about one token each. */
const BYTES_PER_TOKEN = 3.5;
/** What a provider counts for one picture, about. */
const IMAGE_TOKENS = 1_500;
/** Roles, separators and names around each message. */
const ENTRY_TOKENS = 8;

export function tokensOf(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

export function tokensOfEntry(entry: Entry): number {
  switch (entry.kind) {
    case 'user':
      return ENTRY_TOKENS + tokensOf(entry.envelope) + tokensOf(entry.text) + imagesOf(entry.attachments) * IMAGE_TOKENS;
    case 'assistant':
      return entry.parts.reduce((sum, part) => {
        if (part.type === 'tool-call')
          return sum + ENTRY_TOKENS + tokensOf(part.name) + tokensOf(JSON.stringify(part.input) ?? '');
        return sum + tokensOf(part.text);
      }, ENTRY_TOKENS);
    case 'tool-result':
      return ENTRY_TOKENS + tokensOf(entry.result.text) + (entry.result.images?.length ?? 0) * IMAGE_TOKENS;
    case 'compaction':
      return ENTRY_TOKENS + tokensOf(entry.summary);
    case 'note':
      return ENTRY_TOKENS + tokensOf(entry.text);
    case 'tool-begun':
      return 0;
  }
}

function imagesOf(attachments: readonly { kind: string }[]): number {
  return attachments.filter((attachment) => attachment.kind === 'photo').length;
}
