// Holds many calls open at once and prints what one of them costs. Run by in-flight.test.ts.
import { Secret } from '../../src/domain/secret.ts';
import { wireFormats } from '../../src/providers/index.ts';

interface Order {
  api: string;
  baseUrl: string;
  apiKey: string;
  model: string;
  calls: number;
}

const order = JSON.parse(process.argv[2] ?? '') as Order;
const plugin = wireFormats.find((format) => format.api === order.api);
if (!plugin) throw new Error(`no format ${order.api}`);
const client = await plugin.create({ providerId: 'peer', baseUrl: order.baseUrl, apiKey: new Secret(order.apiKey) });
const system = 'You are an agent with a prompt of the usual length. '.repeat(100);
const tools = Array.from({ length: 7 }, (_, index) => ({
  name: `tool_${index}`,
  description: 'Does one thing, and says what came of it. '.repeat(5),
  inputSchema: { type: 'object', properties: { path: { type: 'string', description: 'where' } } },
}));
const stop = new AbortController();
const reason = new Error('done');

async function one(index: number, onFirst: () => void): Promise<boolean> {
  const messages = [{ role: 'user' as const, parts: [{ type: 'text' as const, text: `question ${index}` }] }];
  const request = {
    model: order.model,
    system,
    messages,
    tools,
    maxOutputTokens: 1000,
    thinking: 'off' as const,
    cacheKey: `session ${index}`,
  };
  try {
    for await (const event of client.stream(request, stop.signal)) if (event.type === 'text') onFirst();
    return false;
  } catch (error) {
    return error === reason;
  }
}

/** Resolves when all of them have got their first words. */
async function open(count: number): Promise<Promise<boolean>[]> {
  const running: Promise<boolean>[] = [];
  const started = Array.from(
    { length: count },
    (_, index) => new Promise<void>((resolve) => void running.push(one(index, resolve))),
  );
  await Promise.all(started);
  return running;
}

const warm = await open(20);
globalThis.gc?.();
const before = process.memoryUsage.rss();
const running = await open(order.calls - warm.length);
globalThis.gc?.();
const kbPerCall = Math.round((process.memoryUsage.rss() - before) / 1024 / running.length);
// Each open call listens to this one signal.
stop.abort(reason);
const aborted = (await Promise.all([...warm, ...running])).filter(Boolean).length;
process.stdout.write(JSON.stringify({ kbPerCall, aborted }));
