/**
 * Owns the reading of a call's parameters from query string, JSON, urlencoded and multipart bodies.
 * In forms every value is a string and nested values are JSON text; in JSON bodies both are allowed.
 */
import type { Json } from '../wire/body.ts';
import { isObject } from '../wire/body.ts';
import { badRequest } from './answers.ts';
import { parseMultipart } from './multipart.ts';
import type { UploadedFile } from './types.ts';

export interface CallInput {
  parameters: Json;
  files: UploadedFile[];
}

const NO_FILES: UploadedFile[] = [];

export function readInput(query: string, contentType: string, body: Buffer): CallInput {
  const input = readPayload(contentType, body);
  if (query !== '') for (const [name, value] of new URLSearchParams(query)) input.parameters[name] ??= value;
  return input;
}

function readPayload(contentType: string, body: Buffer): CallInput {
  if (body.length === 0) return { parameters: {}, files: NO_FILES };
  if (contentType.startsWith('application/json')) return { parameters: readJson(body), files: NO_FILES };
  if (contentType.startsWith('multipart/form-data')) return parseMultipart(contentType, body);
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    return { parameters: Object.fromEntries(new URLSearchParams(body.toString('utf8'))), files: NO_FILES };
  }
  return { parameters: {}, files: NO_FILES };
}

function readJson(body: Buffer): Json {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw badRequest("can't parse JSON object");
  }
  if (!isObject(value)) throw badRequest("can't parse JSON object");
  return value;
}

export function text(parameters: Json, name: string): string {
  const value = parameters[name];
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : String(value);
}

export function integer(parameters: Json, name: string, otherwise: number): number {
  const value = parameters[name];
  if (typeof value === 'number') return Math.trunc(value);
  if (typeof value !== 'string') return otherwise;
  const number = Number.parseInt(value, 10);
  return Number.isNaN(number) ? otherwise : number;
}

export function flag(parameters: Json, name: string): boolean {
  const value = parameters[name];
  return value === true || value === 1 || (typeof value === 'string' && /^(true|yes|1)$/i.test(value));
}

/** A nested value, given as such or as JSON text. `undefined` when absent. */
export function nested(parameters: Json, name: string): unknown {
  const value = parameters[name];
  if (typeof value !== 'string') return value ?? undefined;
  if (value === '') return undefined;
  try {
    return JSON.parse(value);
  } catch {
    throw badRequest(`can't parse ${name.replaceAll('_', ' ')} JSON object`);
  }
}

export function nestedObject(parameters: Json, name: string): Json | undefined {
  const value = nested(parameters, name);
  if (value === undefined) return undefined;
  if (!isObject(value)) throw badRequest(`object expected as ${name.replaceAll('_', ' ')}`);
  return value;
}
