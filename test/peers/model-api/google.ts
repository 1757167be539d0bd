/**
 * Owns the reading of POST /v1beta/models/ID:generateContent and :streamGenerateContent
 * (https://ai.google.dev/api/generate-content, .../gemini-api/docs/function-calling, .../thought-signatures).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isObject, type Json } from '../wire/body.ts';
import type { Format, ReadCall, Route } from './format.ts';
import { googleError, googleWhole, googleWriter, isSignature } from './google-answer.ts';
import { invalid, Refusal } from './refusal.ts';
import type { Part, ToolSchema, Turn } from './types.ts';

const PATH = /^\/v1beta\/models\/([^/:]+):(generateContent|streamGenerateContent)$/;
const KNOWN = new Set(
  'contents systemInstruction system_instruction tools toolConfig tool_config generationConfig generation_config safetySettings cachedContent model serviceTier store labels'.split(
    ' ',
  ),
);
/** The documented stand-ins for a signature that a history from elsewhere cannot have. */
const STAND_INS = new Set(['skip_thought_signature_validator', 'context_engineering_is_the_way_to_go']);

function read(body: Json, route: Route): ReadCall {
  for (const name of Object.keys(body)) {
    if (!KNOWN.has(name)) throw invalid(`Invalid JSON payload received. Unknown name "${name}": Cannot find field.`);
  }
  const model = route.model ?? '';
  const messages = readContents(body['contents'], needsSignatures(model));
  const system = body['systemInstruction'] ?? body['system_instruction'];
  const config = body['generationConfig'];
  return {
    model,
    stream: route.stream === true,
    system: isObject(system) ? textOf(readParts(system['parts'], 'system_instruction.parts')) : '',
    messages,
    tools: readTools(body['tools']),
    thinking: isObject(config) && isObject(config['thinkingConfig']),
  };
}

function needsSignatures(model: string): boolean {
  return /^gemini-(?:[3-9]|\d\d)/.test(model);
}

function readContents(contents: unknown, signed: boolean): Turn[] {
  if (!Array.isArray(contents) || contents.length === 0) {
    throw invalid('* GenerateContentRequest.contents: contents is not specified\n');
  }
  const turns: Turn[] = [];
  contents.forEach((content: unknown, index) => {
    const at = `GenerateContentRequest.contents[${index}]`;
    if (!isObject(content)) throw invalid(`Invalid value at 'contents[${index}]'`);
    const role = content['role'] ?? 'user';
    if (role !== 'user' && role !== 'model' && role !== 'function') {
      throw invalid('Please use a valid role: user, model.');
    }
    const parts = readParts(content['parts'], `${at}.parts`);
    if (role === 'model') addModelTurn(turns, parts);
    else addUserTurn(turns, parts);
  });
  checkSignatures(contents as Json[], signed);
  if (turns.at(-1)?.role === 'assistant') {
    throw invalid('Please ensure that multiturn requests end with a user role or a function response.');
  }
  refuseOpen(turns);
  return turns;
}

function readParts(parts: unknown, at: string): Part[] {
  if (!Array.isArray(parts) || parts.length === 0) throw invalid(`* ${at}: contents.parts must not be empty.\n`);
  return parts.map((part: unknown, index) => readPart(part, `${at}[${index}]`));
}

function readPart(part: unknown, at: string): Part {
  if (!isObject(part)) throw invalid(`Invalid value at '${at}'`);
  const { functionCall: call, functionResponse: response, inlineData: data } = part;
  if (isObject(call)) return callPart(call, at);
  if (isObject(response)) return responsePart(response, at);
  if (isObject(data)) {
    const bytes = Math.floor((String(data['data'] ?? '').length * 3) / 4);
    return { type: 'image', mimeType: String(data['mimeType']), bytes };
  }
  const text = part['text'];
  if (typeof text !== 'string') {
    throw invalid(`* ${at}.data: required oneof field 'data' must have one initialized field\n`);
  }
  return part['thought'] === true ? { type: 'reasoning', text } : { type: 'text', text };
}

function callPart({ id, name, args }: Json, at: string): Part {
  if (typeof name !== 'string' || name === '') throw invalid(`* ${at}.function_call.name: Name cannot be empty.\n`);
  if (args !== undefined && !isObject(args))
    throw invalid(`Invalid value at '${at}.function_call.args' (type.googleapis.com/google.protobuf.Struct)`);
  return { type: 'call', id: typeof id === 'string' ? id : '', name, input: args ?? {} };
}

function responsePart({ id, name, response }: Json, at: string): Part {
  if (typeof name !== 'string' || name === '') throw invalid(`* ${at}.function_response.name: Name cannot be empty.\n`);
  if (!isObject(response))
    throw invalid(`Invalid value at '${at}.function_response.response' (type.googleapis.com/google.protobuf.Struct)`);
  const said = response['output'] ?? response['content'] ?? response['result'] ?? response['error'] ?? response;
  const text = typeof said === 'string' ? said : JSON.stringify(said);
  return { type: 'result', id: typeof id === 'string' ? id : '', name, text, isError: 'error' in response };
}

function addModelTurn(turns: Turn[], parts: Part[]): void {
  if (parts.some((part) => part.type === 'call') && turns.at(-1)?.role !== 'user' && turns.at(-1)?.role !== 'tool') {
    throw invalid('Please ensure that function call turn comes immediately after a user turn or after a function response turn.');
  }
  refuseOpen(turns);
  turns.push({ role: 'assistant', parts });
}

function addUserTurn(turns: Turn[], parts: Part[]): void {
  const results = parts.filter((part) => part.type === 'result');
  const said = parts.filter((part) => part.type !== 'result');
  const calls = (turns.at(-1)?.parts ?? []).filter((part) => part.type === 'call');
  if (results.length > 0 && calls.length === 0) {
    throw invalid('Please ensure that function response turn comes immediately after a function call turn.');
  }
  if (results.length !== calls.length) throw unequal();
  results.forEach((result, index) => {
    const call = calls[index];
    const match = calls.find((other) => other.id !== '' && other.id === result.id) ?? call;
    if (match === undefined || match.name !== result.name) throw unequal();
    result.id = match.id === '' ? `${match.name}#${index}` : match.id;
  });
  if (results.length > 0) turns.push({ role: 'tool', parts: results });
  if (said.length > 0) turns.push({ role: 'user', parts: said });
}

function unequal(): Refusal {
  return invalid(
    'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
  );
}

function refuseOpen(turns: Turn[]): void {
  if (turns.at(-1)?.parts.some((part) => part.type === 'call')) throw unequal();
}

/** The first call of each step since the person spoke carries the signature that the model gave it. */
function checkSignatures(contents: Json[], signed: boolean): void {
  const lastPerson = contents.findLastIndex((content) => content['role'] !== 'model' && !hasPart(content, 'functionResponse'));
  contents.forEach((content, index) => {
    const parts = Array.isArray(content['parts']) ? (content['parts'] as Json[]) : [];
    for (const part of parts) refuseForged(part['thoughtSignature']);
    const call = parts.find((part) => isObject(part['functionCall']));
    if (!signed || index < lastPerson || call === undefined || call['thoughtSignature'] !== undefined) return;
    const name = isObject(call['functionCall']) ? String(call['functionCall']['name']) : '';
    throw invalid(
      `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${name}\`, position ${index + 1}.`,
    );
  });
}

function hasPart(content: Json, field: string): boolean {
  return Array.isArray(content['parts']) && content['parts'].some((part: unknown) => isObject(part) && field in part);
}

function refuseForged(given: unknown): void {
  if (given === undefined || isSignature(given) || STAND_INS.has(String(given))) return;
  throw invalid('Corrupted thought signature.');
}

function readTools(tools: unknown): ToolSchema[] {
  if (tools === undefined) return [];
  if (!Array.isArray(tools)) throw invalid("Invalid value at 'tools'");
  return tools.flatMap((tool: unknown, index) => {
    const declared = isObject(tool) ? tool['functionDeclarations'] : undefined;
    if (!Array.isArray(declared)) return [];
    return declared.map((declaration: unknown, place) =>
      readDeclaration(declaration, `GenerateContentRequest.tools[${index}].function_declarations[${place}]`),
    );
  });
}

function readDeclaration(declaration: unknown, at: string): ToolSchema {
  if (!isObject(declaration)) throw invalid(`Invalid value at '${at}'`);
  const { name, description } = declaration;
  if (typeof name !== 'string' || !/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/.test(name)) {
    throw invalid(
      `* ${at}.name: Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64.\n`,
    );
  }
  const schema = declaration['parametersJsonSchema'] ?? declaration['parameters'] ?? { type: 'object', properties: {} };
  if (!isObject(schema) || String(schema['type']).toLowerCase() !== 'object') {
    throw invalid(`* ${at}.parameters: parameters schema should be of type OBJECT.\n`);
  }
  return { name, description: typeof description === 'string' ? description : '', schema };
}

function textOf(parts: Part[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function key(headers: IncomingHttpHeaders, query: URLSearchParams): string | undefined {
  const given = headers['x-goog-api-key'];
  return typeof given === 'string' ? given : (query.get('key') ?? undefined);
}

function keyRefusal(given: string | undefined): Refusal {
  if (given !== undefined)
    return new Refusal(400, 'API key not valid. Please pass a valid API key.', { code: 'API_KEY_INVALID' });
  return new Refusal(
    403,
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
  );
}

export const google: Format = {
  name: 'google',
  route(path) {
    const found = PATH.exec(decodeURIComponent(path));
    return found === null ? undefined : { model: found[1] ?? '', stream: found[2] === 'streamGenerateContent' };
  },
  key,
  keyRefusal,
  read,
  contentType: 'text/event-stream',
  writer: googleWriter,
  whole: googleWhole,
  overflow: (tokens, limit) =>
    invalid(`The input token count (${tokens}) exceeds the maximum number of tokens allowed (${limit}).`),
  error: googleError,
  callId: (number) => `peer${number}`,
};
