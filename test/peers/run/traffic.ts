/**
 * Owns the one short line that each thing on the wire gets.
 */
import type { BotApi, Call } from '../bot-api.ts';
import type { ModelApi, ModelCall } from '../model-api.ts';

const SHOWN = 100;

export function showTraffic(bot: BotApi, model: ModelApi, say: (line: string) => void): void {
  bot.onCall((call) => {
    // Polls come all the time; only one that fails is news.
    if (call.method !== 'getUpdates' || call.status !== 200) say(callLine(call));
  });
  model.onRequest((call) => say(modelLine(call)));
}

export function callLine({ method, parameters, files, status }: Call): string {
  const place = parameters['chat_id'] === undefined ? '' : ` ${String(parameters['chat_id'])}`;
  const message = parameters['message_id'] === undefined ? '' : ` #${String(parameters['message_id'])}`;
  const names = files.map((file) => ` ${file.name} (${file.bytes.length} bytes)`).join('');
  const said = parameters['text'] ?? parameters['caption'] ?? parameters['action'];
  const text = typeof said === 'string' ? ` ${short(said)}` : '';
  const outcome = status === 200 ? '' : ` → ${status === 0 ? 'no answer' : status}`;
  return `bot   ${method}${place}${message}${names}${text}${outcome}`;
}

export function modelLine({ format, model, messages, tools, bytes, lastUserText, results }: ModelCall): string {
  const size = `${messages.length} messages, ${tools.length} tools, ${(bytes / 1024).toFixed(1)} KB`;
  const last = results.length > 0 ? results.map((result) => `${result.name} said ${result.text}`).join(' ') : lastUserText;
  return `model ${format} ${model}, ${size}: ${short(last)}`;
}

function short(text: string): string {
  const line = text.replaceAll('\n', ' ⏎ ');
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}
