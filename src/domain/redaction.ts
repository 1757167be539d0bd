/**
 * Removes secrets from text, by value and by shape. Every text that leaves the process for a log,
 * a person, an error or a model goes through `redact`. It must not throw.
 */

/** Shorter values would blank out ordinary words. */
const SHORTEST_SECRET = 8;

const knownValues = new Set<string>();
let knownPattern: RegExp | undefined;

/** Called by `Secret`; not for use elsewhere. */
export function registerSecretValue(value: string): void {
  if (value.length < SHORTEST_SECRET || knownValues.has(value)) return;
  knownValues.add(value);
  knownPattern = undefined;
}

/**
 * Shapes of credentials that are published by those who issue them.
 * Each alternative is linear: no nested repetition.
 */
const SHAPES = [
  /\b\d{6,12}:[A-Za-z0-9_-]{30,64}\b/g, // Telegram bot token
  /\bsk-[A-Za-z0-9_-]{16,200}/g, // OpenAI, Anthropic and compatible keys
  /\bAIza[A-Za-z0-9_-]{35}\b/g, // Google API key
  /\bgh[pousr]_[A-Za-z0-9]{36,255}\b/g, // GitHub tokens
  /\bgithub_pat_[A-Za-z0-9_]{40,255}\b/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,250}/g, // Slack
  /\bxai-[A-Za-z0-9]{20,200}\b/g,
  /\bgsk_[A-Za-z0-9]{20,200}\b/g, // Groq
  /\bAKIA[A-Z0-9]{16}\b/g, // AWS access key id
  /\bAGE-SECRET-KEY-1[A-Z0-9]{50,80}\b/g,
  /\beyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,4000}/g, // JWT
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,16384}?-----END [A-Z ]{0,30}PRIVATE KEY-----/g,
  /\b(?:Bearer|Basic)\s+[A-Za-z0-9._~+/-]{16,4000}=*/g,
];

const MASK = '[redacted]';

function valuePattern(): RegExp | undefined {
  if (knownPattern || knownValues.size === 0) return knownPattern;
  const longestFirst = [...knownValues].toSorted((a, b) => b.length - a.length);
  knownPattern = new RegExp(longestFirst.map((value) => RegExp.escape(value)).join('|'), 'g');
  return knownPattern;
}

/** `text` with every known secret value and every credential-shaped part replaced by `[redacted]`. */
export function redact(text: string): string {
  const pattern = valuePattern();
  let clean = pattern ? text.replace(pattern, MASK) : text;
  for (const shape of SHAPES) clean = clean.replace(shape, MASK);
  return clean;
}
