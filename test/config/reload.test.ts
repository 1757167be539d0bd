import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planReload, type ReloadPlan } from '../../src/config/reload.ts';
import { model, place } from './support.ts';

async function plan(t: Parameters<typeof place>[0], before: string, after: string): Promise<ReloadPlan> {
  const env = { A: 'first-secret-0123456789', B: 'second-secret-0123456789' };
  const [old, next] = [await place(t, before).load({ env }), await place(t, after).load({ env })];
  return planReload(model.schema, old.config, next.config);
}

test('the same configuration, written in another way, changes nothing', async (t) => {
  assert.deepEqual(await plan(t, '{}', '{gateway: {port: 18789, auth: {}}, tools: {}, agents: {list: []}}'), {
    changed: [],
    live: [],
    channels: [],
    gateway: [],
  });
  const same = await plan(t, '{gateway: {auth: {token: "env:A"}}}', '{gateway: {auth: {token: "first-secret-0123456789"}}}');
  assert.deepEqual(same.changed, []);
});

test('each change touches only what it must', async (t) => {
  const rows: [before: string, after: string, plan: Partial<ReloadPlan>][] = [
    ['{}', '{session: {dmScope: "main"}}', { live: ['session.dmScope'] }],
    ['{}', '{gateway: {port: 5}}', { gateway: ['gateway.port'] }],
    ['{gateway: {auth: {token: "env:A"}}}', '{gateway: {auth: {token: "env:B"}}}', { gateway: ['gateway.auth.token'] }],
    ['{tools: {deny: ["a"]}}', '{tools: {deny: ["a", "b"]}}', { live: ['tools.deny'] }],
    ['{channels: {telegram: {}}}', '{channels: {telegram: {streamMode: "off"}}}', { channels: [{ channel: 'telegram' }] }],
    ['{channels: {telegram: {}}}', '{channels: {telegram: {allowFrom: [5]}}}', { live: ['channels.telegram.allowFrom'] }],
    ['{}', '{channels: {telegram: {}}}', { channels: [{ channel: 'telegram' }] }],
    ['{channels: {telegram: {botToken: "env:A"}}}', '{}', { channels: [{ channel: 'telegram' }] }],
    [
      '{channels: {telegram: {botToken: "env:A"}}}',
      '{channels: {telegram: {botToken: "env:B"}}}',
      { channels: [{ channel: 'telegram' }] },
    ],
    [
      '{channels: {telegram: {accounts: {a: {botToken: "env:A"}, b: {}}}}}',
      '{channels: {telegram: {accounts: {a: {botToken: "env:B"}, b: {}}}}}',
      { channels: [{ channel: 'telegram', account: 'a' }] },
    ],
    [
      '{channels: {telegram: {accounts: {a: {}}}}}',
      '{channels: {telegram: {accounts: {a: {}, c: {}}}}}',
      { channels: [{ channel: 'telegram', account: 'c' }] },
    ],
    [
      '{channels: {telegram: {}}}',
      '{channels: {telegram: {}}, plugins: {entries: {telegram: {enabled: false}}}}',
      { channels: [{ channel: 'telegram' }] },
    ],
    ['{}', '{commands: {native: false}}', { channels: [{ channel: '*' }] }],
    ['{}', '{models: {providers: {x: {baseUrl: "http://127.0.0.1:1/v1"}}}}', { live: ['models.providers.x'] }],
    ['{}', '{agents: {list: [{id: "a"}]}}', { live: ['agents.list'] }],
  ];
  for (const [before, after, expected] of rows) {
    const { changed, ...touched } = await plan(t, before, after);
    assert.ok(changed.length > 0, after);
    assert.deepEqual(touched, { live: [], channels: [], gateway: [], ...expected }, `${before} to ${after}`);
  }
});
