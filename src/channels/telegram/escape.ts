/** Owns text inside Telegram's HTML: four signs mean something there (https://core.telegram.org/bots/api#html-style). Pure. */

const ESCAPES: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' };

export function escapeHtml(text: string): string {
  return text.replace(/[<>&"]/g, (character) => ESCAPES[character] ?? character);
}

/** In running text a reference that Telegram knows stands for its character, as Markdown has it. */
export function escapeText(text: string): string {
  return text.replace(/&(?!(?:lt|gt|amp|quot|#\d{1,7}|#x[\da-f]{1,6});)|[<>"]/gi, (character) => ESCAPES[character] ?? character);
}
