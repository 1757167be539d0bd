/**
 * Owns the wire of POST /v1/chat/completions
 * (https://platform.openai.com/docs/api-reference/chat/create, .../chat-streaming).
 * Reasoning goes out as `reasoning_content`, the field that compatible servers agreed on.
 */
import { isObject, type Json } from '../wire/body.ts';
import { event, type Format, type ReadCall, type StreamWriter } from './format.ts';
import {
  bearerKey,
  imagePart,
  openAiError,
  openAiErrorObject,
  openAiKeyRefusal,
  parseArguments,
  readFunction,
  refuseUnknown,
  requireModel,
} from './openai.ts';
import { invalid, type Refusal } from './refusal.ts';
import type { Ending, ModelCall, Part, TokenUsage, ToolSchema, Turn, WholeAnswer } from './types.ts';

const KNOWN = new Set(
  (
    'audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens messages ' +
    'metadata modalities model n parallel_tool_calls prediction presence_penalty prompt_cache_key ' +
    'prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store stream ' +
    'stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options'
  ).split(' '),
);
const ROLES = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function']);
const ENDINGS: Record<Ending, string> = {
  stop: 'stop',
  calls: 'tool_calls',
  length: 'length',
  refused: 'content_filter',
};

function read(body: Json): ReadCall {
  const model = requireModel(body);
  refuseUnknown(body, KNOWN);
  const stream = body['stream'] === true;
  if (!stream && isObject(body['stream_options'])) {
    throw invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.", 'stream_options');
  }
  if ('max_tokens' in body && /^(?:o\d|gpt-[5-9])/.test(model)) {
    const why = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    throw invalid(why, 'max_tokens', 'unsupported_parameter');
  }
  const { system, messages } = readMessages(body['messages']);
  const thinking = body['reasoning_effort'] !== undefined && body['reasoning_effort'] !== 'none';
  return { model, stream, system, messages, tools: readTools(body['tools']), thinking };
}

function readTools(tools: unknown): ToolSchema[] {
  if (tools === undefined) return [];
  if (!Array.isArray(tools)) throw invalid("Invalid type for 'tools': expected an array.", 'tools', 'invalid_type');
  if (tools.length === 0) {
    const why = "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.";
    throw invalid(why, 'tools', 'empty_array');
  }
  return tools.map((tool: unknown, index) => {
    if (!isObject(tool) || tool['type'] !== 'function') {
      throw invalid(
        `Invalid value: 'tools[${index}].type'. Supported values are: 'function' and 'custom'.`,
        `tools[${index}].type`,
      );
    }
    return readFunction(tool['function'], `tools[${index}].function`);
  });
}

function readMessages(list: unknown): { system: string; messages: Turn[] } {
  if (list === undefined) {
    throw invalid("Missing required parameter: 'messages'.", 'messages', 'missing_required_parameter');
  }
  if (!Array.isArray(list) || list.length === 0) {
    const why = "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.";
    throw invalid(why, 'messages', 'empty_array');
  }
  const system: string[] = [];
  const messages: Turn[] = [];
  const open = new Map<string, string>();
  list.forEach((message: unknown, index) => {
    const at = `messages[${index}]`;
    if (!isObject(message)) throw invalid(`Invalid type for '${at}': expected an object.`, at, 'invalid_type');
    const role = message['role'];
    if (typeof role !== 'string' || !ROLES.has(role)) throw invalidRole(role, at);
    if (role === 'tool') {
      messages.push(toolTurn(message, open, at));
      return;
    }
    refuseOpenCalls(open, at);
    if (role === 'system' || role === 'developer') system.push(textOf(contentParts(message['content'], at)));
    else messages.push(role === 'assistant' ? assistantTurn(message, open, at) : userTurn(message, at));
  });
  refuseOpenCalls(open, `messages[${list.length - 1}]`);
  return { system: system.join('\n'), messages };
}

function invalidRole(role: unknown, at: string): Refusal {
  const why = `Invalid value: '${String(role)}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.`;
  return invalid(why, `${at}.role`, 'invalid_value');
}

function refuseOpenCalls(open: Map<string, string>, at: string): void {
  if (open.size === 0) return;
  const ids = [...open.keys()].join(', ');
  const why = `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${ids}`;
  throw invalid(why, `${at}.role`);
}

function toolTurn(message: Json, open: Map<string, string>, at: string): Turn {
  const id = message['tool_call_id'];
  if (typeof id !== 'string')
    throw invalid(`Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.`, at);
  const name = open.get(id);
  if (name === undefined) {
    throw invalid(
      "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
      `${at}.role`,
    );
  }
  open.delete(id);
  const text = textOf(contentParts(message['content'], at));
  return { role: 'tool', parts: [{ type: 'result', id, name, text, isError: false }] };
}

function userTurn(message: Json, at: string): Turn {
  const parts = contentParts(message['content'], at);
  if (parts.length === 0) throw invalid(`Invalid value for 'content': expected a string, got null.`, `${at}.content`);
  return { role: 'user', parts };
}

function assistantTurn(message: Json, open: Map<string, string>, at: string): Turn {
  const parts = contentParts(message['content'], at);
  const reasoning = message['reasoning_content'];
  if (typeof reasoning === 'string' && reasoning !== '') parts.unshift({ type: 'reasoning', text: reasoning });
  const calls = message['tool_calls'];
  if (calls !== undefined && (!Array.isArray(calls) || calls.length === 0)) {
    const why = `Invalid '${at}.tool_calls': empty array. Expected an array with minimum length 1, but got an empty array instead.`;
    throw invalid(why, `${at}.tool_calls`, 'empty_array');
  }
  for (const call of (calls ?? []) as unknown[]) {
    const part = callPart(call, at);
    open.set(part.id, part.name);
    parts.push(part);
  }
  if (parts.length === 0) throw invalid(`Invalid value for 'content': expected a string, got null.`, `${at}.content`);
  return { role: 'assistant', parts };
}

function callPart(call: unknown, at: string): Part & { type: 'call' } {
  const made = isObject(call) ? call['function'] : undefined;
  if (!isObject(call) || typeof call['id'] !== 'string' || !isObject(made)) {
    throw invalid(`Missing required parameter: '${at}.tool_calls[0].id'.`, `${at}.tool_calls`, 'missing_required_parameter');
  }
  if (typeof made['name'] !== 'string' || typeof made['arguments'] !== 'string') {
    throw invalid(
      `Invalid type for '${at}.tool_calls[0].function.arguments': expected a string.`,
      `${at}.tool_calls`,
      'invalid_type',
    );
  }
  return { type: 'call', id: call['id'], name: made['name'], input: parseArguments(made['arguments']) };
}

function contentParts(content: unknown, at: string): Part[] {
  if (content === null || content === undefined) return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw invalid(`Invalid type for '${at}.content'.`, `${at}.content`, 'invalid_type');
  return content.map((part: unknown, index) => contentPart(part, `${at}.content[${index}]`));
}

function contentPart(part: unknown, at: string): Part {
  if (isObject(part) && part['type'] === 'text' && typeof part['text'] === 'string') {
    return { type: 'text', text: part['text'] };
  }
  if (isObject(part) && part['type'] === 'image_url' && isObject(part['image_url'])) {
    return imagePart(String(part['image_url']['url']));
  }
  const why = `Invalid value: '${isObject(part) ? String(part['type']) : ''}'. Supported values are: 'text', 'image_url', 'input_audio', 'refusal', 'audio', and 'file'.`;
  throw invalid(why, `${at}.type`, 'invalid_value');
}

function textOf(parts: Part[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function usageOf(usage: TokenUsage): Json {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function writer(call: ModelCall, answerNumber: number): StreamWriter {
  const options = call.body['stream_options'];
  const withUsage = isObject(options) && options['include_usage'] === true;
  const head = {
    id: `chatcmpl-peer${answerNumber}`,
    object: 'chat.completion.chunk',
    created: Math.floor(call.at / 1000),
    model: call.model,
    service_tier: 'default',
    system_fingerprint: 'fp_peer',
  };
  const tail = withUsage ? { usage: null } : {};
  const chunk = (delta: Json, finish: string | null = null): string =>
    event({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }], ...tail });
  let calls = 0;
  return {
    begin: () => chunk({ role: 'assistant', content: '', refusal: null }),
    text: (piece) => chunk({ content: piece }),
    reasoning: (piece) => chunk({ reasoning_content: piece }),
    call({ id, name }, pieces) {
      const index = calls;
      calls += 1;
      const first = chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] });
      const rest = pieces.map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] }));
      return first + rest.join('');
    },
    ping: () => ': keep-alive\n\n',
    error: (refusal) => event({ error: openAiErrorObject(refusal) }),
    end(ending, usage) {
      const last = withUsage ? event({ ...head, choices: [], usage: usageOf(usage) }) : '';
      return `${chunk({}, ENDINGS[ending])}${last}data: [DONE]\n\n`;
    },
  };
}

function whole(call: ModelCall, answer: WholeAnswer, answerNumber: number): Json {
  const message: Json = { role: 'assistant', content: answer.text === '' ? null : answer.text, refusal: null, annotations: [] };
  if (answer.reasoning !== '') message['reasoning_content'] = answer.reasoning;
  if (answer.calls.length > 0) {
    message['tool_calls'] = answer.calls.map(({ id, name, json }) => ({
      id,
      type: 'function',
      function: { name, arguments: json },
    }));
  }
  return {
    id: `chatcmpl-peer${answerNumber}`,
    object: 'chat.completion',
    created: Math.floor(call.at / 1000),
    model: call.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: ENDINGS[answer.ending] }],
    usage: usageOf(answer.usage),
    service_tier: 'default',
    system_fingerprint: 'fp_peer',
  };
}

export const chatCompletions: Format = {
  name: 'openai-chat',
  route: (path) => (path === '/v1/chat/completions' ? {} : undefined),
  key: bearerKey,
  keyRefusal: openAiKeyRefusal,
  read,
  contentType: 'text/event-stream; charset=utf-8',
  writer,
  whole,
  overflow: (tokens, limit) =>
    invalid(
      `This model's maximum context length is ${limit} tokens. However, your messages resulted in ${tokens} tokens. Please reduce the length of the messages.`,
      'messages',
      'context_length_exceeded',
    ),
  error: openAiError,
  callId: (number) => `call_peer${number}`,
};
