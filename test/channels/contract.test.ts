import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { channels } from '../../src/channels/index.ts';
import { channelContract } from '../contracts/channel.ts';
import { fixtures } from './fixtures/index.ts';

test('every channel has a fixture, and every fixture a channel', () => {
  assert.deepEqual(
    fixtures.map(({ id }) => id),
    channels.map(({ id }) => id),
  );
});

test('the list is light: no client, no Markdown reader', () => {
  const script = `
    import { createRequire } from 'node:module';
    await import(${JSON.stringify(new URL('../../src/channels/index.ts', import.meta.url).href)});
    console.log(JSON.stringify(Object.keys(createRequire(import.meta.url).cache ?? {})));
    console.log(JSON.stringify(process.moduleLoadList.filter((name) => /NativeModule (https?|tls)$/.test(name))));
  `;
  const [loaded = '', builtIn = ''] = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  }).split('\n');
  assert.deepEqual(
    JSON.parse(loaded).filter((path: string) => /grammy|node-fetch/.test(path)),
    [],
  );
  assert.deepEqual(JSON.parse(builtIn), []);
});

for (const plugin of channels) {
  const fixture = fixtures.find(({ id }) => id === plugin.id);
  if (fixture !== undefined) channelContract(plugin, fixture);
}
