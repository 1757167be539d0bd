import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { formatPath } from '../../src/config/path.ts';
import { resolveConfig, type ResolvedConfig } from '../../src/config/resolve.ts';
import { soulPath } from '../../src/config/resolve-agents.ts';
import { Secret } from '../../src/domain/secret.ts';
import { valueOf, parseTree } from '../../src/config/json5/tree.ts';
import { model, place, type Place } from './support.ts';

async function resolved(here: Place, exists?: (path: string) => boolean): Promise<ResolvedConfig> {
  return resolveConfig(model, await here.load(), exists);
}

const guide = readFileSync(join(import.meta.dirname, 'fixtures', 'guide.json'), 'utf8');

test("the guide's configuration loads, and every value of it arrives", async (t) => {
  const here = place(t, guide);
  const loaded = await here.load();
  assert.deepEqual([...loaded.warnings, ...loaded.notes], []);
  const settings = resolveConfig(model, loaded, () => false);
  const token = '0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978';
  assert.equal(settings.gateway.token?.reveal(), token);
  assert.deepEqual(
    { ...settings.gateway, token: undefined },
    {
      port: 18789,
      token: undefined,
      controlPage: true,
      endpoints: { chatCompletions: false, responses: false },
      maxConcurrentTurns: 4,
      maxSandboxes: 16,
      sandboxBackend: 'auto',
      dockerSocket: '/var/run/docker.sock',
      mediaMaxBytes: 20_000_000,
      logLevel: 'info',
    },
  );
  assert.deepEqual([settings.receipt.scope, settings.commandMenu], ['group-mentions', true]);
  const [agent] = settings.agents;
  assert.ok(agent);
  assert.deepEqual(agent.models, ['provider/model']);
  assert.deepEqual(agent.tools.policy, [{ deny: ['gateway', 'nodes'] }]);
  const { mode, scope, spec } = agent.sandbox;
  assert.deepEqual([mode, scope, spec.access, spec.readOnlyRoot, spec.network], ['all', 'session', 'ro', true, 'none']);
  assert.equal(spec.workspace, '/home/openclaw-svc/.openclaw/workspace');
  const [telegram] = settings.channels;
  assert.ok(telegram && settings.channels.length === 1);
  assert.deepEqual([telegram.enabled, telegram.problem], [true, undefined]);
  assert.deepEqual([telegram.admission.dmPolicy, telegram.admission.groupPolicy], ['pairing', 'disabled']);
  const platform = telegram.settings as { streamMode: string; botToken: Secret };
  assert.deepEqual([platform.streamMode, platform.botToken.reveal().slice(0, 10)], ['partial', '123456789:']);
});

test('no value of the guide is dropped on the way', async (t) => {
  const { config } = await place(t, guide).load();
  const tree = parseTree(guide);
  for (const [path, value] of leaves(tree && valueOf(tree))) {
    const loaded = path.reduce<unknown>((here, step) => (here as Record<string, unknown>)[step], config);
    assert.deepEqual(loaded instanceof Secret ? loaded.reveal() : loaded, value, formatPath(path));
  }
});

function* leaves(value: unknown, path: string[] = []): Generator<[string[], unknown]> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) yield [path, value];
  else for (const [key, below] of Object.entries(value)) yield* leaves(below, [...path, key]);
}

test('with nothing configured there is one agent, no channel, and many turns may run', async (t) => {
  const here = place(t);
  const settings = await resolved(here);
  assert.deepEqual(settings.channels, []);
  assert.deepEqual(settings.providers, []);
  assert.equal(settings.gateway.maxConcurrentTurns, 2048);
  assert.equal(settings.gateway.token, undefined);
  assert.equal(settings.gateway.dockerSocket, '/var/run/docker.sock');
  assert.equal(settings.routing.defaultAgentId, 'main');
  assert.equal(settings.routing.dmScope, 'per-channel-peer');
  assert.deepEqual(settings.queue, { mode: 'collect', modeByChannel: {}, debounceMs: 0, cap: 20 });
  const [agent] = settings.agents;
  assert.equal(agent?.id, 'main');
  assert.deepEqual(agent?.models, []);
  assert.equal(agent?.workspace, join(here.home, 'workspace'));
  assert.deepEqual(agent?.limits, { steps: 50, timeoutMs: 600_000, tokens: 2_000_000, sameCall: 4 });
  assert.deepEqual(agent?.sandbox.spec.limits, {
    memoryBytes: 512 * 1024 ** 2,
    cpus: 1,
    processes: 256,
    openFiles: 1024,
    scratchBytes: 64 * 1024 ** 2,
  });
  assert.equal(agent?.sandbox.idleMs, 3_600_000);
});

test('an agent changes what it says and keeps the rest, key by key', async (t) => {
  const here = place(
    t,
    `{agents: {
      defaults: {
        model: "a/one", timeoutSeconds: 60, thinkingDefault: "high", userTimezone: "Europe/Berlin", bootstrapMaxChars: 500,
        limits: {steps: 7, costUsd: 1},
        compaction: {keepRecentTokens: 900},
        sandbox: {workspaceAccess: "none", poolSize: 3, prune: {idleHours: 2}, docker: {memory: "1g", cpus: 2, ulimits: {nofile: 99}}},
      },
      list: [
        {id: "main"},
        {id: "work", default: true, name: "Work", model: {primary: "b/two", fallbacks: ["c/three"]}, timeoutSeconds: 5,
         limits: {tokens: 5000}, compaction: {reserveTokensFloor: 1234}, thinkingDefault: "off", userTimezone: "UTC",
         sandbox: {mode: "non-main", docker: {cpus: 0.5, pidsLimit: 20}}, tools: {deny: ["exec"]}},
      ]},
      tools: {profile: "coding", exec: {timeoutSec: 9, backgroundMs: 5}, maxOutputChars: 600},
    }`,
  );
  const { agents, routing } = await resolved(here);
  assert.equal(routing.defaultAgentId, 'work');
  const [main, work] = agents;
  // The default agent has the workspace itself, the other one has its own beside it.
  const workspace = join(here.home, 'workspace');
  assert.deepEqual(work, {
    id: 'work',
    name: 'Work',
    workspace,
    soulPath: join(workspace, 'SOUL.md'),
    bootstrapMaxChars: 500,
    models: ['b/two', 'c/three'],
    thinking: 'off',
    limits: { steps: 7, timeoutMs: 5_000, tokens: 5_000, costUsd: 1, sameCall: 4 },
    tools: { policy: [{ profile: 'coding' }, { deny: ['exec'] }], timeoutMs: 9_000, maxOutputChars: 600, backgroundMs: 5 },
    sandbox: {
      mode: 'non-main',
      scope: 'session',
      idleMs: 7_200_000,
      poolSize: 3,
      spec: {
        agentId: 'work',
        image: 'openclaw-sandbox:bookworm-slim',
        workspace,
        access: 'none',
        workdir: '/workspace',
        readOnlyRoot: true,
        network: 'none',
        limits: { memoryBytes: 1024 ** 3, cpus: 0.5, processes: 20, openFiles: 99, scratchBytes: 64 * 1024 ** 2 },
      },
    },
    compaction: { reserveTokens: 1234, keepRecentTokens: 900 },
    timeZone: 'UTC',
  });
  assert.equal(main?.workspace, `${workspace}-main`);
  assert.deepEqual([main?.models, main?.thinking, main?.timeZone], [['a/one'], 'high', 'Europe/Berlin']);
});

test('accounts inherit what their channel says, but no secret', async (t) => {
  const here = place(
    t,
    `{channels: {telegram: {
      name: "bots", botToken: "111111:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", dmPolicy: "allowlist", allowFrom: [5, "telegram:6", "tg:7", "signal:8"],
      groupPolicy: "allowlist", groupAllowFrom: ["9"], groups: {"-100": {requireMention: false, allowFrom: ["10"]}, "*": {enabled: false}},
      streamMode: "off", tokenFile: "/run/first",
      accounts: {
        second: {botToken: "222222:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", allowFrom: [11], groups: {"-200": {}}},
        third: {enabled: false, dmPolicy: "open", allowFrom: ["*"]},
      },
    }}}`,
  );
  const { channels } = await resolved(here);
  assert.deepEqual(
    channels.map(({ account }) => account),
    ['default', 'second', 'third'],
  );
  const [first, second, third] = channels;
  const tokenOf = (one: typeof first): string | undefined =>
    (one?.settings as { botToken?: Secret } | undefined)?.botToken?.reveal();
  assert.match(tokenOf(first) ?? '', /^111111/);
  assert.match(tokenOf(second) ?? '', /^222222/);
  assert.equal(tokenOf(third), undefined);
  const fileOf = (one: typeof first): unknown => (one?.settings as { tokenFile?: string } | undefined)?.tokenFile;
  assert.deepEqual([fileOf(first), fileOf(second)], ['/run/first', undefined]);
  assert.deepEqual(first?.admission, {
    dmPolicy: 'allowlist',
    allowFrom: ['5', '6', '7'],
    groupPolicy: 'allowlist',
    groupAllowFrom: ['9'],
    groups: {
      '-100': { enabled: true, requireMention: false, allowFrom: ['10'] },
      '*': { enabled: false, requireMention: true },
    },
    allowBots: false,
  });
  assert.deepEqual(second?.admission.allowFrom, ['11']);
  assert.equal(second?.admission.dmPolicy, 'allowlist');
  assert.deepEqual(Object.keys(second?.admission.groups ?? {}).toSorted(), ['*', '-100', '-200']);
  assert.equal((second?.settings as { streamMode: string } | undefined)?.streamMode, 'off');
  assert.equal(third?.enabled, false);
  assert.deepEqual(third?.admission.allowFrom, ['*']);
});

test('accounts alone leave no default account that nobody configured', async (t) => {
  const { channels } = await resolved(
    place(
      t,
      '{channels: {telegram: {dmPolicy: "disabled", accounts: {a: {botToken: "env:A"}}}}}'.replace('env:A', '1'.repeat(9)),
    ),
  );
  assert.deepEqual(
    channels.map(({ account, admission }) => [account, admission.dmPolicy]),
    [['a', 'disabled']],
  );
});

test('what stands above is the account `default`, also where that is named', async (t) => {
  const here = place(
    t,
    '{channels: {telegram: {botToken: "111111:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", accounts: {default: {name: "mine"}}}}}',
  );
  const { channels } = await resolved(here);
  assert.deepEqual(
    channels.map(({ account, name }) => [account, name]),
    [['default', 'mine']],
  );
  assert.match((channels[0]?.settings as { botToken: Secret } | undefined)?.botToken.reveal() ?? '', /^111111/);
});

test('"*" counts under an open policy only', async (t) => {
  for (const [policy, expected] of [
    ['open', ['*', '5']],
    ['pairing', ['5']],
    ['allowlist', ['5']],
  ] as const) {
    const { channels } = await resolved(place(t, `{channels: {telegram: {dmPolicy: "${policy}", allowFrom: ["*", 5]}}}`));
    assert.deepEqual(channels[0]?.admission.allowFrom, expected);
  }
});

test('plugins.entries keeps a channel off', async (t) => {
  const { channels } = await resolved(
    place(t, '{channels: {telegram: {enabled: true}}, plugins: {entries: {telegram: {enabled: false}}}}'),
  );
  assert.equal(channels[0]?.enabled, false);
});

test('providers arrive with keys, headers and what is known of their models', async (t) => {
  const here = place(
    t,
    `{models: {providers: {local: {
      baseUrl: "http://127.0.0.1:8080/v1", api: "openai-completions", apiKey: "env:LOCAL", headers: {"X-Team": "env:TEAM"},
      models: [{id: "m", contextWindow: 8000, maxTokens: 500, input: ["text", "image"], reasoning: true, cost: {input: 1, output: 2}}],
    }}}}`,
  );
  const loaded = await here.load({
    env: { LOCAL: 'local-key-0123', TEAM: 'header-secret', ANTHROPIC_OAUTH_TOKEN: 'oauth-token-0123' },
  });
  const { providers } = resolveConfig(model, loaded);
  const local = providers.find(({ id }) => id === 'local');
  assert.equal(local?.apiKey?.reveal(), 'local-key-0123');
  assert.equal(local?.bearer, false);
  assert.deepEqual(local?.headers, { 'X-Team': 'header-secret' });
  assert.deepEqual(local?.models, [
    {
      id: 'm',
      contextTokens: 8000,
      maxOutputTokens: 500,
      images: true,
      reasoning: true,
      price: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 },
    },
  ]);
  assert.equal(providers.find(({ id }) => id === 'anthropic')?.bearer, true);
});

test('bindings and identities arrive as they are', async (t) => {
  const here = place(
    t,
    `{agents: {list: [{id: "a"}, {id: "b"}]},
      session: {dmScope: "per-peer", identityLinks: {anna: ["telegram:1", "signal:2"]}},
      messages: {queue: {byChannel: {telegram: "steer"}}},
      bindings: [{agentId: "b", match: {channel: "telegram", accountId: "*", peer: {kind: "group", id: -100}}}]}`,
  );
  const { routing, queue } = await resolved(here);
  assert.deepEqual(queue.modeByChannel, { telegram: 'steer' });
  assert.deepEqual(routing, {
    dmScope: 'per-peer',
    identityLinks: { anna: ['telegram:1', 'signal:2'] },
    defaultAgentId: 'a',
    bindings: [{ agentId: 'b', channel: 'telegram', accountId: '*', peer: { kind: 'group', id: '-100' } }],
  });
});

test('DOCKER_HOST names another socket of this host, never another host', async (t) => {
  const here = place(t);
  const socketWith = async (DOCKER_HOST: string): Promise<string> =>
    resolveConfig(model, await here.load({ env: { DOCKER_HOST } })).gateway.dockerSocket;
  assert.equal(await socketWith('unix:///run/user/1000/docker.sock'), '/run/user/1000/docker.sock');
  assert.equal(await socketWith('tcp://10.0.0.1:2375'), '/var/run/docker.sock');
});

test('SOUL.md: beside the configuration, else in the state directory, else in the workspace', (t) => {
  const { locations } = place(t);
  const apart = { ...locations, configPath: '/etc/openclaw/openclaw.json' };
  const workspace = '/srv/workspace';
  const among =
    (...paths: string[]) =>
    (path: string): boolean =>
      paths.includes(path);
  const shared = join(locations.stateDir, 'SOUL.md');
  assert.equal(
    soulPath(apart, workspace, among('/etc/openclaw/SOUL.md', shared, '/srv/workspace/SOUL.md')),
    '/etc/openclaw/SOUL.md',
  );
  assert.equal(soulPath(apart, workspace, among(shared, '/srv/workspace/SOUL.md')), shared);
  assert.equal(soulPath(apart, workspace, among('/srv/workspace/SOUL.md')), '/srv/workspace/SOUL.md');
  assert.equal(soulPath(apart, workspace, among()), '/srv/workspace/SOUL.md');
});

test('the SOUL.md of the state directory is found on the disk, for every agent', async (t) => {
  const here = place(t, '{agents: {list: [{id: "a"}, {id: "b"}]}}');
  mkdirSync(join(here.home, 'workspace'));
  writeFileSync(join(here.home, 'workspace', 'SOUL.md'), 'own');
  const before = await resolved(here);
  assert.deepEqual(
    before.agents.map(({ soulPath: path }) => dirname(path)),
    [join(here.home, 'workspace'), join(here.home, 'workspace-b')],
  );
  writeFileSync(join(here.home, 'SOUL.md'), 'shared');
  const after = await resolved(here);
  assert.deepEqual(
    after.agents.map(({ soulPath: path }) => path),
    [join(here.home, 'SOUL.md'), join(here.home, 'SOUL.md')],
  );
});
