/**
 * Owns what the offline model understands: a handful of plain English sentences, one a line.
 * A table of patterns, no more: what is not in it is `unknown`, and is answered honestly.
 */
import { isArithmetic } from './arithmetic.ts';

export type Wish =
  | { kind: 'list'; path: string }
  | { kind: 'read'; path: string }
  | { kind: 'write'; path: string; content: string }
  | { kind: 'edit'; path: string; before: string; after: string }
  | { kind: 'search'; words: string; path: string }
  | { kind: 'run'; command: string }
  | { kind: 'calculate'; expression: string }
  | { kind: 'remember'; fact: string }
  | { kind: 'recall' }
  | { kind: 'time' }
  | { kind: 'help' }
  | { kind: 'greeting' }
  | { kind: 'thanks' }
  | { kind: 'unknown' };

type Reading = readonly [pattern: RegExp, wish: (groups: Record<string, string>) => Wish | undefined];

const PATH = String.raw`(?:the )?(?:file )?(?<path>"[^"\n]+"|'[^'\n]+'|\`[^\`\n]+\`|\S+?)`;
const QUOTED = String.raw`(?:"(?<double>[^"]*)"|'(?<single>[^']*)'|\`(?<code>[^\`]*)\`|(?<bare>\S[^\n]*?))`;
const END = String.raw`(?:,? (?:please|for me|now))*\s{0,9}[.!?]{0,9}$`;

/** Longer ones are no plain request; it also bounds what the patterns can cost. */
const MAX_TEXT = 8000;
const MAX_LINE = 1000;

function pattern(source: string): RegExp {
  return new RegExp(`^(?:please,? |can you |could you )*${source}${END}`, 'i');
}

/** May span several lines, so that a text with line breaks can be written. */
const LONG: readonly Reading[] = [
  [
    pattern(`(?:write|save|put) ${QUOTED} (?:to|into|in|as) ${PATH}`),
    (found) => ({ kind: 'write', path: unquoted(found['path']), content: quotedText(found) }),
  ],
  [
    pattern(`(?:create|make|write) (?:a file |a |the )?${PATH} (?:with|containing|saying)(?: the (?:text|content))? ${QUOTED}`),
    (found) => ({ kind: 'write', path: unquoted(found['path']), content: quotedText(found) }),
  ],
];

const SHORT: readonly Reading[] = [
  [/^run: *(?<command>\S.*)$/i, (found) => ({ kind: 'run', command: found['command'] ?? '' })],
  [
    pattern(
      `(?:list|show|ls)(?: me)?(?: (?:all|my|the))*(?: (?:files|folders?|director(?:y|ies)|dir|contents?))*(?: (?:in|of|under|at) ${PATH})?`,
    ),
    (found) => ({ kind: 'list', path: unquoted(found['path']) || '.' }),
  ],
  [
    pattern(`(?:what|which) files are (?:there|here)(?: in ${PATH})?`),
    (found) => ({ kind: 'list', path: unquoted(found['path']) || '.' }),
  ],
  [
    pattern(`replace "(?<before>[^"]+)" (?:with|by) "(?<after>[^"]*)" in ${PATH}`),
    (found) => ({ kind: 'edit', path: unquoted(found['path']), before: found['before'] ?? '', after: found['after'] ?? '' }),
  ],
  [
    pattern(`(?:search|look|grep|find)(?: (?:for|after|all|where))* ${QUOTED}(?: (?:in|under) ${PATH})?`),
    (found) => ({ kind: 'search', words: quotedText(found), path: unquoted(found['path']) || '.' }),
  ],
  [pattern(`(?:read|open|cat|print|show)(?: me)? ${PATH}`), (found) => ({ kind: 'read', path: unquoted(found['path']) })],
  [pattern('what(?: do you| did i ask you to)? remember(?: .*)?'), () => ({ kind: 'recall' })],
  [pattern('(?:what do you know about me|what did i tell you(?: .*)?)'), () => ({ kind: 'recall' })],
  [pattern(`remember(?: that|:)? (?<fact>\\S.*?)`), (found) => ({ kind: 'remember', fact: found['fact'] ?? '' })],
  [
    pattern(`(?:calculate|compute|calc|what is|what's|how much is)?:? *(?<expression>[^=]+?)(?: *=)?`),
    (found) =>
      isArithmetic(found['expression'] ?? '') ? { kind: 'calculate', expression: found['expression'] ?? '' } : undefined,
  ],
  [
    pattern("(?:what(?: is|'s)? (?:the )?(?:time|date|day)(?: is it)?(?: now| today)?|what (?:time|day|date) is it.*)"),
    () => ({ kind: 'time' }),
  ],
  [pattern('(?:help|what can you do|who are you|what are you|commands?)'), () => ({ kind: 'help' })],
  [pattern('(?:hi|hello|hey|good (?:morning|day|evening))(?: .{0,20})?'), () => ({ kind: 'greeting' })],
  [pattern('(?:thanks|thank you|thx)(?: .{0,30})?'), () => ({ kind: 'thanks' })],
];

/** Everything that is understood in one message, in its order; one `unknown` where nothing is. Never empty. */
export function wishesIn(text: string): Wish[] {
  const whole = text.length <= MAX_TEXT ? understood(text.trim(), LONG) : undefined;
  if (whole) return [whole];
  const lines = text.split('\n').map((line) => line.trim());
  const wishes = lines.map((line) =>
    line === '' || line.length > MAX_LINE ? undefined : (understood(line, LONG) ?? understood(line, SHORT)),
  );
  const found = wishes.filter((wish) => wish !== undefined);
  return found.length > 0 ? found : [{ kind: 'unknown' }];
}

/** What people asked to be remembered, in their words; one line each. */
export function remembered(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    if (line.length > MAX_LINE) return [];
    const wish = understood(line.trim().replace(/^[-*] /, ''), SHORT);
    return wish?.kind === 'remember' ? [wish.fact] : [];
  });
}

function understood(text: string, readings: readonly Reading[]): Wish | undefined {
  for (const [form, wish] of readings) {
    const groups = form.exec(text)?.groups;
    const found = groups || form.test(text) ? wish(groups ?? {}) : undefined;
    if (found) return found;
  }
  return undefined;
}

function unquoted(path: string | undefined): string {
  return (path ?? '').replace(/^["'`]|["'`]$/g, '');
}

function quotedText(found: Record<string, string>): string {
  return found['double'] ?? found['single'] ?? found['code'] ?? found['bare'] ?? '';
}
