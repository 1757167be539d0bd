/**
 * `POST /v1/responses`: a turn of an agent in the shapes of the Responses API, whole or streamed. Text only; the gateway keeps no
 * responses to continue from: `user` names the conversation instead.
 * Sources: https://platform.openai.com/docs/api-reference/responses/object and /responses-streaming
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import type { SubmissionEnd } from '../../gateway/submissions.ts';
import { errorAnswer, sendJson } from '../answers.ts';
import { runMessage, type RunRequest } from '../run.ts';
import { StreamedText } from '../streamed-text.ts';
import type { OpenAiParts } from './index.ts';
import { answerOf, EVENT_STREAM, KEEP_ALIVE_MS, readAs, runOf } from './turn.ts';

const part = z.object({ type: z.enum(['input_text', 'output_text']), text: z.string() });
const content = z.union([z.string(), z.array(part).transform((parts) => parts.map(({ text }) => text).join('\n'))]);
const item = z.object({
  type: z.literal('message').optional(),
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content,
});

const responsesRequest = z.object({
  model: z.string().max(100),
  input: z.union([z.string().transform((text) => [{ role: 'user' as const, content: text }]), z.array(item).min(1).max(1_000)]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  user: z.string().min(1).max(256).nullish(),
  tools: z.array(z.unknown()).max(0).nullish(),
  previous_response_id: z.null().optional(),
});

/** What every form of the response says. */
interface Head {
  id: string;
  object: 'response';
  created_at: number;
  model: string;
}

// oxlint-disable-next-line max-params
export async function responses(parts: OpenAiParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { model, input, instructions, stream, user } = await readAs(responsesRequest, request);
  const messages = [...(instructions ? [{ role: 'system' as const, content: instructions }] : []), ...input];
  const run = runOf(parts, { model, messages, user }, response);
  const head: Head = { id: `resp_${randomUUID()}`, object: 'response', created_at: Math.floor(Date.now() / 1_000), model };
  if (stream) return streamed(parts, response, { head, run });
  const end = await runMessage(parts.gateway, run);
  sendJson(response, 200, whole(head, messageOf(`msg_${randomUUID()}`, answerOf(end)), end));
}

function messageOf(id: string, text: string): object {
  return { id, type: 'message', role: 'assistant', status: 'completed', content: [textPart(text)] };
}

function textPart(text: string): object {
  return { type: 'output_text', text, annotations: [] };
}

// oxlint-disable-next-line max-params
function whole(head: Head, message: object, { state, spent }: SubmissionEnd): object {
  const { inputTokens = 0, outputTokens = 0 } = spent ?? {};
  const usage = {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
  const cut = state === 'stopped' ? { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } } : {};
  return { ...head, status: 'completed', error: null, incomplete_details: null, ...cut, output: [message], tools: [], usage };
}

// oxlint-disable-next-line max-params
async function streamed(
  parts: OpenAiParts,
  response: ServerResponse,
  { head, run }: { head: Head; run: RunRequest },
): Promise<void> {
  let sequence = 0;
  const id = `msg_${randomUUID()}`;
  const place = { item_id: id, output_index: 0, content_index: 0 };
  const write = (type: string, rest: object): void => {
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, ...rest })}\n\n`);
    sequence += 1;
  };
  const say = (delta: string): void => {
    if (delta !== '') write('response.output_text.delta', { ...place, delta, logprobs: [] });
  };
  const text = new StreamedText(() => say(text.take()));
  response.writeHead(200, EVENT_STREAM);
  const begun = { ...head, status: 'in_progress', error: null, output: [], tools: [] };
  write('response.created', { response: begun });
  write('response.in_progress', { response: begun });
  write('response.output_item.added', { output_index: 0, item: { ...messageOf(id, ''), status: 'in_progress', content: [] } });
  write('response.content_part.added', { ...place, part: textPart('') });
  const alive = setInterval(() => response.write(': working\n\n'), KEEP_ALIVE_MS);
  try {
    const end = await runMessage(parts.gateway, { ...run, observer: text.observer });
    const said = answerOf(end);
    say(text.end(said));
    write('response.output_text.done', { ...place, text: said, logprobs: [] });
    write('response.content_part.done', { ...place, part: textPart(said) });
    write('response.output_item.done', { output_index: 0, item: messageOf(id, said) });
    const type = end.state === 'stopped' ? 'response.incomplete' : 'response.completed';
    write(type, { response: whole(head, messageOf(id, said), end) });
  } catch (error) {
    const { code, message } = errorAnswer(error, parts.log);
    write('response.failed', { response: { ...begun, status: 'failed', error: { code, message } } });
  } finally {
    clearInterval(alive);
  }
  response.end();
}
