/**
 * Keys that people bring from other versions and that this one does not have: why, and what to do instead.
 * In a pattern `*` stands for one step. The first pattern that matches counts.
 */
import type { ConfigPath } from './path.ts';

const NO_INBOUND = 'Messages are fetched by long polling; nothing on this host takes connections from outside.';
const NO_INCLUDE = 'One file holds the whole configuration: an include could pull in any file of the host.';
const SANDBOX_ITSELF = 'The gateway builds the container itself, so that nothing in it can reach the host.';
const NOT_HERE = 'This version does not have it.';

const FOREIGN: readonly (readonly [pattern: string, why: string])[] = [
  ['$include', NO_INCLUDE],
  ['env', 'Write KEY=VALUE lines into the file .env in the state directory.'],
  ['hooks', NO_INBOUND],
  ['cron', `${NOT_HERE} A timer of the host can run \`openclaw agent --message …\`.`],
  ['browser', `${NOT_HERE} Tools run in a sandbox without a network.`],
  ['canvasHost', NOT_HERE],
  ['talk', NOT_HERE],
  ['audio', NOT_HERE],
  ['web', NOT_HERE],
  ['ui', NOT_HERE],
  ['memory', NOT_HERE],
  ['media', NOT_HERE],
  ['broadcast', NOT_HERE],
  ['approvals', 'Tools cannot leave their sandbox, so there is nothing to approve.'],
  ['nodeHost', 'There are no nodes: every tool runs in a sandbox on this host.'],
  ['diagnostics', `${NOT_HERE} The log is on standard error.`],
  ['auth', 'Keys belong to models.providers.<id>.apiKey or into the environment.'],
  ['identity', 'Who the agent is stands in SOUL.md; its name is agents.list[].name.'],
  ['routing', 'Use bindings, session and messages.queue.'],
  ['agent', 'Use agents.defaults.'],
  ['telegram', 'Use channels.telegram.'],
  ['discord', `Use channels.discord. ${NOT_HERE}`],
  ['slack', `Use channels.slack. ${NOT_HERE}`],
  ['whatsapp', `Use channels.whatsapp. ${NOT_HERE}`],
  ['gateway.token', 'Use gateway.auth.token.'],
  ['gateway.host', 'The port answers on 127.0.0.1 only.'],
  ['gateway.customBindHost', 'The port answers on 127.0.0.1 only.'],
  ['gateway.auth.password', 'Use gateway.auth.token: there is no password.'],
  ['gateway.auth.allowTailscale', 'Every request carries the token, also through Tailscale.'],
  ['gateway.auth.rateLimit', 'Guesses are always limited: ten failures a minute from one source.'],
  ['gateway.trustedProxies', 'No forwarded header is ever believed: the port answers on 127.0.0.1 only.'],
  ['gateway.controlUi.dangerouslyDisableDeviceAuth', 'The page always proves its device.'],
  ['gateway.controlUi.*', NOT_HERE],
  ['gateway.reload', 'The file is read again on SIGHUP (systemctl reload); only what changed is restarted.'],
  ['gateway.remote.*', 'A gateway on another host is reached through a tunnel to its loopback port.'],
  ['gateway.tls', 'The port answers on 127.0.0.1 only; `tailscale serve` adds TLS for your tailnet.'],
  ['gateway.nodes', 'There are no nodes: every tool runs in a sandbox on this host.'],
  ['channels.defaults', 'Write it into each channel: channels.<id>.groupPolicy.'],
  ['channels.*.webhookUrl', NO_INBOUND],
  ['channels.*.webhookSecret', NO_INBOUND],
  ['channels.*.webhookPath', NO_INBOUND],
  ['channels.*.requireMention', 'Use channels.<id>.groups."*".requireMention.'],
  ['channels.*.heartbeat', 'The agent speaks when it is spoken to.'],
  ['channels.*.groups.*.systemPrompt', 'What an agent is told stands in its workspace files.'],
  [
    'channels.*.groups.*.tools',
    'What may be called is set by agent: give the group to an agent with bindings, and set agents.list[].tools.',
  ],
  ['agents.defaults.heartbeat', 'The agent speaks when it is spoken to.'],
  ['agents.list.*.heartbeat', 'The agent speaks when it is spoken to.'],
  ['agents.defaults.memorySearch', NOT_HERE],
  [
    'agents.defaults.models',
    'Any model of a configured provider can be chosen: set agents.defaults.model.primary and fallbacks.',
  ],
  ['agents.defaults.contextTokens', 'Set models.providers.<id>.models[].contextWindow.'],
  ['agents.defaults.contextPruning', 'Compaction keeps the context small: agents.defaults.compaction.'],
  ['agents.list.*.identity', 'Who the agent is stands in its SOUL.md; its name is agents.list[].name.'],
  ['agents.entries', 'Use agents.list.'],
  ['agents.*.sandbox.perSession', 'Use scope: "session" or "shared".'],
  ['agents.*.*.sandbox.perSession', 'Use scope: "session" or "shared".'],
  ['agents.defaults.sandbox.docker.binds', `${SANDBOX_ITSELF} Only the workspace is mounted.`],
  ['agents.defaults.sandbox.docker.env', 'No environment of yours reaches the sandbox, so that no secret can.'],
  [
    'agents.defaults.sandbox.docker.ulimits.nproc',
    'Use docker.pidsLimit: it counts the processes of one sandbox, not those of one user.',
  ],
  ['agents.defaults.sandbox.docker.*', SANDBOX_ITSELF],
  ['agents.list.*.sandbox.docker.*', SANDBOX_ITSELF],
  ['agents.defaults.sandbox.workspaceRoot', 'A sandbox has no files on the host besides the workspace.'],
  ['agents.defaults.sandbox.browser', `${NOT_HERE} A sandbox has no network.`],
  ['agents.defaults.sandbox.prune.maxAgeDays', 'A sandbox ends with its conversation or after prune.idleHours.'],
  ['tools.bash', 'Use tools.exec.'],
  ['tools.exec.host', 'Commands run in the sandbox, always.'],
  ['tools.exec.security', 'Commands run in the sandbox; to forbid them: tools.deny: ["exec"].'],
  ['tools.exec.ask', 'Commands run in the sandbox; to forbid them: tools.deny: ["exec"].'],
  ['tools.exec.*', 'Commands run in the sandbox, always.'],
  ['tools.byProvider', 'What may be called is set for all (tools) and by agent (agents.list[].tools).'],
  ['tools.sandbox', 'Every tool acts inside the sandbox: use tools.allow and tools.deny.'],
  ['tools.web', `${NOT_HERE} A sandbox has no network.`],
  ['tools.media', NOT_HERE],
  ['tools.links', NOT_HERE],
  ['tools.agentToAgent', NOT_HERE],
  ['session.mainKey', 'The main conversation is always called main.'],
  ['session.scope', 'Use session.dmScope.'],
  ['session.reset', 'A conversation starts anew with /new, and only then.'],
  ['session.store', 'Conversations are kept in the state directory.'],
  ['session.*', NOT_HERE],
  ['messages.tts', NOT_HERE],
  ['messages.queue.drop', 'Nothing is dropped: what is over the cap waits for the next turn.'],
  ['messages.inbound', 'Use messages.queue.debounceMs.'],
  ['commands.*', NOT_HERE],
  ['logging.file', 'The log goes to standard error, so to the journal.'],
  ['logging.consoleLevel', 'Use logging.level.'],
  ['logging.consoleStyle', 'Under systemd lines are JSON with their priority, on a terminal they are text.'],
  ['logging.redactPatterns', 'Secrets are known by value and by shape; a pattern of one’s own could stop the log.'],
  ['models.bedrockDiscovery', NOT_HERE],
  ['models.providers.*.auth', 'A key is an API key. For a login use `openclaw models auth login`.'],
  ['models.providers.*.authHeader', 'Use headers.'],
  ['discovery.wideArea', 'The gateway is on loopback and announces nothing.'],
  ['plugins.load', 'No code is loaded at run time.'],
  ['plugins.allow', 'Use plugins.entries.<id>.enabled.'],
  ['plugins.deny', 'Use plugins.entries.<id>.enabled.'],
  ['plugins.*', 'No code is loaded at run time.'],
  ['skills.*', 'This version has no skills.'],
  ['update.*', 'Nothing is looked up by itself: set update.source and run `openclaw update`.'],
];

/** Why exactly this key, which people know, is not there; undefined for any other. */
export function foreignKey(path: ConfigPath): string | undefined {
  return whyNot(path, (pattern) => !pattern.endsWith('*'));
}

/** Why no other keys are there than those that are. */
export function closedSection(path: ConfigPath): string | undefined {
  return whyNot(path, (pattern) => pattern.endsWith('*'));
}

function whyNot(path: ConfigPath, counts: (pattern: string) => boolean): string | undefined {
  const steps = path.map(String);
  return FOREIGN.find(([pattern]) => counts(pattern) && matches(pattern.split('.'), steps))?.[1];
}

function matches(pattern: readonly string[], steps: readonly string[]): boolean {
  return pattern.length === steps.length && pattern.every((part, place) => part === '*' || part === steps[place]);
}
