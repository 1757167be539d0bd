/**
 * Owns reading what a vendor said when it refused: status, code, words, how long to wait; whichever of a dozen shapes it
 * came in. Must never throw, and must never let a key or an address with a key into a text.
 */
import { redact } from '../domain/redaction.ts';

export interface Failure {
  /** HTTP status, or the status that an error inside the stream stands for. */
  status: number | undefined;
  /** Every code and type that was named, lower case, joined by blanks. */
  codes: string;
  /** The vendor's own sentence: one line, no secrets, at most 300 characters. May be empty. */
  message: string;
  retryAfterMs: number | undefined;
  /** Google: the quota that is used up is one of a whole day. */
  isDailyQuota: boolean;
  /** `ECONNREFUSED` and the like, where no answer came. */
  networkCode: string | undefined;
}

type Json = Record<string, unknown>;

const MAX_MESSAGE = 300;
const MAX_DEPTH = 8;

export function readFailure(error: unknown, nowMs: number): Failure {
  const thrown = asObject(error);
  const said = saidBy(thrown);
  const details = said.flatMap((part) => (Array.isArray(part['details']) ? part['details'].map(asObject) : []));
  return {
    status: firstNumber([thrown['statusCode'], ...said.flatMap((part) => [part['statusCode'], part['code'], part['status']])]),
    codes: said
      .flatMap((part) => [part['code'], part['type'], part['status'], part['reason']])
      .concat(details.map((detail) => detail['reason']))
      .filter((code) => typeof code === 'string' || typeof code === 'number')
      .join(' ')
      .toLowerCase(),
    message: cleanText(firstText(said.flatMap((part) => [part['message'], part['detail'], part['error']]))),
    retryAfterMs: retryAfter(asObject(thrown['responseHeaders']), details, nowMs),
    isDailyQuota: /perday/i.test(JSON.stringify(details.map((detail) => detail['violations'] ?? ''))),
    networkCode: networkCodeOf(error),
  };
}

/** One line, without secrets and without what stands behind the host of an address. */
export function cleanText(text: string): string {
  const line = redact(text)
    .replace(/\s+/g, ' ')
    .replace(/\b(https?:\/\/)(?:[^\s/@"']*@)?([^\s/"'?#]+)[^\s"']*/g, '$1$2')
    .trim();
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE)}…` : line;
}

/** The objects that may hold what was said, innermost first. */
function saidBy(thrown: Json): Json[] {
  const body = parse(thrown['responseBody']);
  const found: Json[] = [];
  // An invalid event is reported with the event in `value`; an error event with itself in `data`. The message of the
  // former quotes the event, which may hold anything that the model wrote: it says nothing about the failure.
  const quotes = thrown['name'] === 'AI_TypeValidationError' || thrown['name'] === 'AI_JSONParseError';
  for (const holder of [body, thrown['data'], thrown['value'], quotes ? undefined : thrown]) {
    const outer = asObject(Array.isArray(holder) ? holder[0] : holder);
    const response = asObject(outer['response']);
    for (const inner of [
      asObject(asObject(outer['error'])['metadata']),
      asObject(outer['error']),
      asObject(response['error']),
      outer,
    ]) {
      if (Object.keys(inner).length > 0 || 'message' in inner) found.push(inner);
    }
  }
  return found;
}

function parse(body: unknown): unknown {
  if (typeof body !== 'string') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function firstNumber(values: unknown[]): number | undefined {
  const found = values.map(Number).find((value) => Number.isInteger(value) && value >= 300 && value <= 599);
  return found;
}

function firstText(values: unknown[]): string {
  return values.find((value): value is string => typeof value === 'string' && value.trim() !== '') ?? '';
}

function retryAfter(headers: Json, details: Json[], nowMs: number): number | undefined {
  const told = [
    milliseconds(headers['retry-after-ms'], 1),
    milliseconds(headers['retry-after'], 1000),
    untilDate(headers['retry-after'], nowMs),
    // google.rpc.RetryInfo: "34.5s"
    ...details.map((detail) => milliseconds(/^([\d.]+)s$/.exec(String(detail['retryDelay']))?.[1], 1000)),
  ];
  return told.find((value) => value !== undefined);
}

function milliseconds(value: unknown, unit: number): number | undefined {
  if (typeof value !== 'string' || !/^\d+(?:\.\d+)?$/.test(value.trim())) return undefined;
  return Math.ceil(Number(value) * unit);
}

function untilDate(value: unknown, nowMs: number): number | undefined {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

function networkCodeOf(error: unknown): string | undefined {
  let current: unknown = error;
  for (let depth = 0; depth < MAX_DEPTH && current instanceof Error; depth++) {
    const { code } = current as Error & { code?: unknown };
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
    // Several addresses were tried (IPv4 and IPv6): each has its own reason.
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return undefined;
}
