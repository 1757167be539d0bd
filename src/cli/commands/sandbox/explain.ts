/** `openclaw sandbox explain`: what the agent's tools may do, where they run, and which rule decided. */
import { defineCommand } from 'citty';
import { configModel } from '../../../config/model.ts';
import { resolveConfig } from '../../../config/resolve.ts';
import { AppError } from '../../../domain/errors.ts';
import { decideTools } from '../../../domain/policy.ts';
import { tools } from '../../../tools/index.ts';
import { contextOf } from '../../command.ts';

export default defineCommand({
  args: {
    agent: { type: 'string', description: 'an agent of the configuration' },
    session: { type: 'string', description: 'a session key; default is the agent’s main session' },
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run(call) {
    const { out, ...context } = contextOf(call);
    const config = resolveConfig(configModel(), await context.config());
    const agentId = call.args.agent ?? agentOf(call.args.session) ?? config.routing.defaultAgentId;
    const agent = config.agents.find(({ id }) => id === agentId);
    if (!agent)
      throw new AppError('not_found', `There is no agent ${agentId}.`, {
        hint: `Known: ${config.agents.map(({ id }) => id).join(', ')}`,
      });
    const mainSessionKey = `agent:${agent.id}:main`;
    const sessionKey = call.args.session ?? mainSessionKey;
    const { mode, scope, spec } = agent.sandbox;
    const sandboxed = mode === 'all' || (mode === 'non-main' && sessionKey !== mainSessionKey);
    const decided = decideTools(tools, agent.tools.policy);
    const facts = {
      agentId: agent.id,
      sessionKey,
      mainSessionKey,
      sandbox: {
        mode,
        scope,
        workspaceAccess: spec.access,
        workspaceRoot: spec.workspace,
        sessionIsSandboxed: sandboxed,
        image: spec.image,
        network: spec.network,
        readOnlyRoot: spec.readOnlyRoot,
        tools: { allow: decided.allowed, deny: decided.denied },
      },
      elevated: { enabled: false },
    };
    if (call.args.json) return out.json(facts);
    out.line(`Session ${sessionKey}: ${sandboxed ? 'tools run in a sandbox' : 'tools run on the host itself'}`);
    out.line(
      `Mode ${mode}, scope ${scope}, workspace ${spec.workspace} (${spec.access}), network ${spec.network}, image ${spec.image}`,
    );
    out.line();
    out.line(`Allowed: ${decided.allowed.join(', ') || 'no tool'}`);
    for (const one of decided.denied) out.line(`Denied: ${one.name} (${one.rule}; ${one.source})`);
  },
});

function agentOf(sessionKey: string | undefined): string | undefined {
  return /^agent:([^:]+):/.exec(sessionKey ?? '')?.[1];
}
