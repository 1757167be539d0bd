/** `openclaw agent --message TEXT`: one turn, for scripts. Through the running gateway, else through one of its own that ends with it. */
import { defineCommand } from 'citty';
import { startApp } from '../../app.ts';
import { AppError } from '../../domain/errors.ts';
import { createLog } from '../../runtime/log.ts';
import { openLogFile } from '../../runtime/log-file.ts';
import { exitCodes, type ExitCode } from '../../runtime/exit-codes.ts';
import { contextOf } from '../command.ts';
import type { CliContext } from '../context.ts';
import { loadForStart } from '../start-config.ts';

interface Ended {
  state: string;
  reason?: string;
  text: string;
  traceId: string;
  sessionKey: string;
}

interface Question {
  message: string;
  sessionKey?: string;
  agentId?: string;
}

export default defineCommand({
  args: {
    message: { type: 'string', alias: 'm', required: true, description: 'what to ask; - reads standard input' },
    session: { type: 'string', description: 'a session key; default is the agent’s main session' },
    agent: { type: 'string', description: 'an agent of the configuration' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call): Promise<ExitCode> {
    const context = contextOf(call);
    const message = call.args.message === '-' ? await readAll() : call.args.message;
    if (message.trim() === '') throw new AppError('invalid', 'The message is empty.', { hint: 'openclaw agent --message "…"' });
    const { session, agent } = call.args;
    const question = { message, ...(session ? { sessionKey: session } : {}), ...(agent ? { agentId: agent } : {}) };
    const ended = (await context.gatewayOr(
      (gateway) => gateway.call('agent', question),
      () => askOwn(question, context),
    )) as Ended;
    if (call.args.json) context.out.json(resultOf(ended));
    else context.out.line(ended.text);
    return ended.state === 'done' ? exitCodes.ok : exitCodes.failed;
  },
});

function resultOf(ended: Ended): unknown {
  return {
    runId: ended.traceId,
    status: ended.state === 'done' ? 'ok' : 'error',
    summary: ended.reason ?? 'completed',
    sessionKey: ended.sessionKey,
    result: { payloads: [{ text: ended.text }], meta: {} },
  };
}

/** A gateway of our own, without channels and without its port. */
async function askOwn({ message, sessionKey, agentId }: Question, context: CliContext): Promise<Ended> {
  const loaded = await loadForStart(context.paths());
  const log = createLog({ level: 'warn', style: 'json', write: openLogFile(context.paths().logFile).write });
  const app = await startApp({ loaded, log, channels: [], port: false });
  try {
    const agent = agentId ?? app.settings.routing().defaultAgentId;
    const key = sessionKey ?? `agent:${agent}:main`;
    const question = { sessionKey: key, agentId: agent, text: message, origin: 'openclaw agent', senderId: 'owner' };
    const end = await app.gateway.submit({ ...question, nowMs: Date.now() });
    return { ...end, sessionKey: key } as Ended;
  } finally {
    await app.stop();
  }
}

async function readAll(): Promise<string> {
  let text = '';
  for await (const piece of process.stdin.setEncoding('utf8') as AsyncIterable<string>) text += piece;
  return text;
}
