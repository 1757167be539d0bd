/**
 * Owns what both OpenAI formats share: keys, error bodies, tool names and schemas
 * (https://platform.openai.com/docs/api-reference, /docs/guides/error-codes).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isObject, type Json } from '../wire/body.ts';
import type { ErrorAnswer } from './format.ts';
import { invalid, Refusal } from './refusal.ts';
import type { ToolSchema } from './types.ts';

export function bearerKey(headers: IncomingHttpHeaders): string | undefined {
  return /^Bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1];
}

export function openAiKeyRefusal(key: string | undefined): Refusal {
  if (key === undefined) {
    return new Refusal(
      401,
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    );
  }
  const shown = key.length <= 8 ? '*'.repeat(key.length) : `${key.slice(0, 4)}****${key.slice(-4)}`;
  return new Refusal(401, `Incorrect API key provided: ${shown}.`, { code: 'invalid_api_key' });
}

const ERROR_TYPES: Record<number, string> = {
  429: 'requests',
  500: 'server_error',
  502: 'server_error',
  503: 'server_error',
};

export function openAiErrorObject(refusal: Refusal): Json {
  const code = refusal.detail.code ?? (refusal.status === 429 ? 'rate_limit_exceeded' : null);
  const type = ERROR_TYPES[refusal.status] ?? 'invalid_request_error';
  return { message: refusal.message, type, param: refusal.detail.param ?? null, code };
}

export function openAiError(refusal: Refusal): ErrorAnswer {
  const seconds = refusal.detail.retryAfterSeconds;
  const headers: Record<string, string> = {};
  if (seconds !== undefined) {
    headers['retry-after'] = String(Math.ceil(seconds));
    headers['retry-after-ms'] = String(Math.ceil(seconds * 1000));
  }
  return { body: { error: openAiErrorObject(refusal) }, headers };
}

export function requireModel(body: Json): string {
  const model = body['model'];
  if (typeof model !== 'string' || model === '') throw invalid('you must provide a model parameter');
  return model;
}

export function refuseUnknown(body: Json, known: ReadonlySet<string>): void {
  for (const name of Object.keys(body)) {
    if (!known.has(name)) throw invalid(`Unrecognized request argument supplied: ${name}`);
  }
}

/** One function tool; `at` is where it stands, e.g. `tools[0].function`. */
export function readFunction(tool: unknown, at: string): ToolSchema {
  if (!isObject(tool)) throw invalid(`Missing required parameter: '${at}'.`, at, 'missing_required_parameter');
  const name = tool['name'];
  if (typeof name !== 'string') {
    throw invalid(`Missing required parameter: '${at}.name'.`, `${at}.name`, 'missing_required_parameter');
  }
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name)) {
    const why = `Invalid '${at}.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`;
    throw invalid(why, `${at}.name`, 'invalid_value');
  }
  const description = typeof tool['description'] === 'string' ? tool['description'] : '';
  const schema = tool['parameters'] ?? { type: 'object', properties: {} };
  checkSchema(name, schema, { at: `${at}.parameters`, strict: tool['strict'] === true });
  return { name, description, schema: schema as Json };
}

function checkSchema(name: string, schema: unknown, where: { at: string; strict: boolean }): void {
  const refuse = (why: string): Refusal =>
    invalid(`Invalid schema for function '${name}': ${why}`, where.at, 'invalid_function_parameters');
  if (!isObject(schema) || schema['type'] !== 'object') {
    const got = isObject(schema) && typeof schema['type'] === 'string' ? schema['type'] : 'None';
    throw refuse(`schema must be a JSON Schema of 'type: "object"', got 'type: "${got}"'.`);
  }
  if (!where.strict) return;
  if (schema['additionalProperties'] !== false) {
    throw refuse("In context=(), 'additionalProperties' is required to be supplied and to be false.");
  }
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const missing = Object.keys(isObject(schema['properties']) ? schema['properties'] : {}).find(
    (property) => !required.includes(property),
  );
  if (missing !== undefined) {
    throw refuse(
      `In context=(), 'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`,
    );
  }
}

/** Arguments as the model wrote them: parsed where they are JSON, else the raw text. */
export function parseArguments(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

export function imagePart(url: string): { type: 'image'; mimeType: string; bytes: number } {
  const data = /^data:([^;,]+);base64,(.*)$/s.exec(url);
  if (data === null) return { type: 'image', mimeType: 'url', bytes: 0 };
  return { type: 'image', mimeType: data[1] ?? '', bytes: Math.floor(((data[2] ?? '').length * 3) / 4) };
}
