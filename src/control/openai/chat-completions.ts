/**
 * `POST /v1/chat/completions`: a turn of an agent, in the shapes of the OpenAI API, whole or streamed. A client that goes away stops its turn.
 * Sources: https://platform.openai.com/docs/api-reference/chat/object and /chat/streaming
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SubmissionEnd } from '../../gateway/submissions.ts';
import { errorAnswer, sendJson } from '../answers.ts';
import { runMessage, type RunRequest } from '../run.ts';
import { StreamedText } from '../streamed-text.ts';
import { openAiError } from './errors.ts';
import type { OpenAiParts } from './index.ts';
import { chatRequest, type ChatRequest } from './request.ts';
import { answerOf, EVENT_STREAM, KEEP_ALIVE_MS, readAs, runOf } from './turn.ts';

// oxlint-disable-next-line max-params
export async function chatCompletions(parts: OpenAiParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = await readAs(chatRequest, request);
  const run = runOf(parts, asked, response);
  const frame = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1_000), model: asked.model };
  if (asked.stream) return stream({ parts, response, run, frame, asked });
  const end = await runMessage(parts.gateway, run);
  const message = { role: 'assistant', content: answerOf(end), refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: finishOf(end) }];
  sendJson(response, 200, { ...frame, object: 'chat.completion', choices, usage: usageOf(end) });
}

interface Streaming {
  parts: OpenAiParts;
  response: ServerResponse;
  run: RunRequest;
  frame: { id: string; created: number; model: string };
  asked: ChatRequest;
}

async function stream({ parts, response, run, frame, asked }: Streaming): Promise<void> {
  const write = (data: unknown): void => void response.write(`data: ${JSON.stringify(data)}\n\n`);
  const chunk = (choices: unknown[], rest: object = {}): void =>
    write({ ...frame, object: 'chat.completion.chunk', choices, ...rest });
  const say = (content: string): void => {
    if (content !== '') chunk([{ index: 0, delta: { content }, logprobs: null, finish_reason: null }]);
  };
  const text = new StreamedText(() => say(text.take()));
  response.writeHead(200, EVENT_STREAM);
  chunk([{ index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }]);
  const alive = setInterval(() => response.write(': working\n\n'), KEEP_ALIVE_MS);
  try {
    const end = await runMessage(parts.gateway, { ...run, observer: text.observer });
    say(text.end(answerOf(end)));
    chunk([{ index: 0, delta: {}, logprobs: null, finish_reason: finishOf(end) }]);
    if (asked.stream_options?.include_usage) chunk([], { usage: usageOf(end) });
  } catch (error) {
    // The status is sent; clients take an error out of the stream.
    write(openAiError(errorAnswer(error, parts.log)));
  } finally {
    clearInterval(alive);
  }
  response.end('data: [DONE]\n\n');
}

function finishOf({ state }: SubmissionEnd): 'stop' | 'length' {
  return state === 'stopped' ? 'length' : 'stop';
}

function usageOf({ spent }: SubmissionEnd): object {
  const { inputTokens = 0, outputTokens = 0 } = spent ?? {};
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}
