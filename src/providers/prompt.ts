/**
 * Owns the translation of a request into the prompt that every wire format takes.
 * Must never copy texts or image data: thousands of these are in flight at once.
 */
import type { LanguageModelV4CallOptions, LanguageModelV4Message, LanguageModelV4Prompt } from '@ai-sdk/provider';
import type {
  AssistantPart,
  ImagePart,
  ModelMessage,
  ModelRequest,
  ReasoningPart,
  ToolCallPart,
  ToolResultPart,
} from '../domain/model.ts';
import { keptFor, type Kept } from './replay.ts';

export interface PromptRules {
  /** `providerId/model` that is asked. */
  from: string;
  callId(id: string): string;
  /** Where a tool result's images go: the format takes them in the result, or only in a message of their own. */
  toolImages: 'in-result' | 'in-message';
  /**
   * `kept` gives back what carries the vendor's data; `current-turn` gives back the text of what this model thought
   * since the person last spoke (vendors that sign nothing and want nothing older).
   */
  reasoning: 'kept' | 'current-turn';
}

type AssistantContent = Extract<LanguageModelV4Message, { role: 'assistant' }>['content'];
type UserContent = Extract<LanguageModelV4Message, { role: 'user' }>['content'];
type ToolContent = Extract<LanguageModelV4Message, { role: 'tool' }>['content'];
type ToolOutput = Extract<ToolContent[number], { type: 'tool-result' }>['output'];

export function promptOf(request: ModelRequest, rules: PromptRules): LanguageModelV4Prompt {
  const prompt: LanguageModelV4Prompt = [];
  if (request.system !== '') prompt.push({ role: 'system', content: request.system });
  const lastPerson = request.messages.findLastIndex((message) => message.role === 'user');
  request.messages.forEach((message, index) => {
    prompt.push(...messagesOf(message, rules, index > lastPerson));
  });
  return prompt;
}

function messagesOf(message: ModelMessage, rules: PromptRules, isCurrentTurn: boolean): LanguageModelV4Message[] {
  if (message.role === 'user')
    return asUser(message.parts.filter((part) => part.type !== 'text' || part.text !== '').map(userPart));
  if (message.role === 'tool') return toolMessages(message.parts, rules);
  const content = assistantContent(message.parts, rules, isCurrentTurn);
  return content.length === 0 ? [] : [{ role: 'assistant', content }];
}

function asUser(content: UserContent): LanguageModelV4Message[] {
  return content.length === 0 ? [] : [{ role: 'user', content }];
}

function userPart(part: { type: 'text'; text: string } | ImagePart): UserContent[number] {
  return part.type === 'text' ? { type: 'text', text: part.text } : imageOf(part);
}

function imageOf(image: ImagePart): { type: 'file'; mediaType: string; data: { type: 'data'; data: string } } {
  return { type: 'file', mediaType: image.mimeType, data: { type: 'data', data: image.data } };
}

function assistantContent(parts: AssistantPart[], rules: PromptRules, isCurrentTurn: boolean): AssistantContent {
  const content: AssistantContent = [];
  let forNextText: Kept | undefined;
  for (const part of parts) {
    if (part.type === 'tool-call') content.push(toolCall(part, rules));
    else if (part.type === 'text') {
      if (part.text === '') continue;
      content.push({ type: 'text', text: part.text, ...optionsOf(forNextText) });
      forNextText = undefined;
    } else {
      const kept = keptFor(part.providerData, rules.from);
      if (kept?.mark === 'before-text') forNextText = kept;
      else if (kept?.mark === 'after-text') markLastText(content, kept);
      else if (kept && goesBack(kept, rules, isCurrentTurn)) content.push(reasoning(part, kept));
    }
  }
  return content;
}

function goesBack(kept: Kept, rules: PromptRules, isCurrentTurn: boolean): boolean {
  return rules.reasoning === 'kept' ? kept.options !== undefined : isCurrentTurn;
}

function reasoning(part: ReasoningPart, kept: Kept): AssistantContent[number] {
  return { type: 'reasoning', text: part.text, ...optionsOf(kept) };
}

function markLastText(content: AssistantContent, kept: Kept): void {
  const last = content.at(-1);
  if (last?.type === 'text') Object.assign(last, optionsOf(kept));
}

function optionsOf(kept: Kept | undefined): { providerOptions?: NonNullable<Kept['options']> } {
  return kept?.options === undefined ? {} : { providerOptions: kept.options };
}

function toolCall(part: ToolCallPart, rules: PromptRules): AssistantContent[number] {
  return {
    type: 'tool-call',
    toolCallId: rules.callId(part.callId),
    toolName: part.name,
    input: objectInput(part.input),
    ...optionsOf(keptFor(part.providerData, rules.from)),
  };
}

/** Vendors take objects only; arguments that were no JSON go back in one, so that the model sees what it wrote. */
function objectInput(input: unknown): unknown {
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  return isObject ? input : { unparsed_arguments: input };
}

function toolMessages(results: ToolResultPart[], rules: PromptRules): LanguageModelV4Message[] {
  if (results.length === 0) return [];
  const content: ToolContent = results.map((result) => ({
    type: 'tool-result',
    toolCallId: rules.callId(result.callId),
    toolName: result.name,
    output: outputOf(result, rules),
  }));
  const messages: LanguageModelV4Message[] = [{ role: 'tool', content }];
  return rules.toolImages === 'in-message' ? [...messages, ...asUser(results.flatMap(imagesOf))] : messages;
}

function outputOf(result: ToolResultPart, rules: PromptRules): ToolOutput {
  if (result.isError) return { type: 'error-text', value: result.text };
  const images = rules.toolImages === 'in-result' ? (result.images ?? []) : [];
  if (images.length === 0) return { type: 'text', value: result.text };
  return { type: 'content', value: [{ type: 'text', text: result.text }, ...images.map(imageOf)] };
}

function imagesOf(result: ToolResultPart): UserContent {
  if (result.isError || !result.images?.length) return [];
  return [{ type: 'text', text: `Images of the result of ${result.name}:` }, ...result.images.map(imageOf)];
}

/** The tools as functions; undefined where there are none, since vendors refuse an empty list. */
export function toolsOf(request: ModelRequest): LanguageModelV4CallOptions['tools'] {
  if (request.tools.length === 0) return undefined;
  return request.tools.map(({ name, description, inputSchema }) => ({ type: 'function', name, description, inputSchema }));
}
