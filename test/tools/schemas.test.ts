import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decideTools } from '../../src/domain/policy.ts';
import { describeTool } from '../../src/domain/tool-description.ts';
import { tools } from '../../src/tools/index.ts';
import { toolNamed } from './tool-bed.ts';

/** So that the whole request for "ping" stays under 8 KB. */
const mostBytes = 3200;

describe('tools as a model is told of them', () => {
  test('all together are small', (context) => {
    const described = tools.map(describeTool);
    const sent = described.map(({ inputSchema: parameters, ...rest }) => ({
      type: 'function',
      function: { ...rest, parameters },
    }));
    const bytes = Buffer.byteLength(JSON.stringify(sent));
    for (const one of sent) context.diagnostic(`${one.function.name}: ${Buffer.byteLength(JSON.stringify(one))} bytes`);
    context.diagnostic(`all: ${bytes} of at most ${mostBytes} bytes`);
    assert.ok(bytes <= mostBytes, `${bytes} bytes`);
  });

  test('names and parameters are those that people know', () => {
    const parameters = (name: string): string[] => Object.keys(describeTool(toolNamed(name)).inputSchema['properties'] as object);
    assert.deepEqual(
      tools.map((tool) => tool.name),
      ['exec', 'process', 'read', 'write', 'edit', 'list', 'search'],
    );
    assert.deepEqual(parameters('exec'), ['command', 'workdir', 'env', 'timeout', 'background', 'yieldMs']);
    assert.deepEqual(parameters('read'), ['path', 'offset', 'limit']);
    assert.deepEqual(parameters('write'), ['path', 'content']);
    assert.deepEqual(parameters('edit'), ['path', 'oldText', 'newText', 'all']);
    assert.deepEqual(parameters('search'), ['pattern', 'path', 'glob']);
    assert.deepEqual(describeTool(toolNamed('exec')).inputSchema['required'], ['command']);
  });

  test('names from elsewhere are taken and not shown', () => {
    assert.deepEqual(toolNamed('read').input.parse({ file_path: 'a' }), { path: 'a' });
    assert.deepEqual(toolNamed('edit').input.parse({ file_path: 'a', old_string: 'b', new_string: 'c', replace_all: true }), {
      path: 'a',
      oldText: 'b',
      newText: 'c',
      all: true,
    });
    assert.doesNotMatch(JSON.stringify(tools.map(describeTool)), /file_path|old_string|new_string|replace_all/);
  });

  test('only what changes nothing is a read', () => {
    const effect = (name: string, input: object): string => toolNamed(name).effect(toolNamed(name).input.parse(input));
    assert.equal(effect('exec', { command: 'true' }), 'write');
    assert.equal(effect('write', { path: 'a', content: '' }), 'write');
    assert.equal(effect('edit', { path: 'a', oldText: 'a', newText: 'b' }), 'write');
    for (const [name, input] of Object.entries({ read: { path: 'a' }, list: {}, search: { pattern: 'a' } }))
      assert.equal(effect(name, input), 'read');
    const actions = ['list', 'poll', 'log', 'write', 'kill', 'remove'].map((action) =>
      effect('process', { action, sessionId: 'p1' }),
    );
    assert.deepEqual(actions, ['read', 'read', 'read', 'write', 'write', 'write']);
  });

  test('what does not fit says what was expected', () => {
    const messages = (name: string, input: unknown): string => {
      const issues = toolNamed(name).input.safeParse(input).error?.issues ?? [];
      return issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    };
    assert.equal(messages('read', {}), 'path: expected text');
    assert.equal(messages('read', { path: '' }), 'path: expected text that is not empty');
    assert.equal(messages('read', { path: 'a', offset: '3' }), 'offset: expected a number');
    assert.equal(messages('read', { path: 'a', offset: 0 }), 'offset: expected a number of at least 1');
    assert.equal(messages('process', { action: 'stop' }), 'action: expected one of list, poll, log, write, kill, remove');
    assert.equal(messages('read', '{"path": "unfin'), ': expected an object with path, offset, limit');
    assert.equal(messages('write', { path: 'a', content: 'b', mode: 1 }), ': unknown mode; expected path, content');
    assert.equal(messages('exec', { command: 'a', env: { A: 1 } }), 'env.A: expected text');
    assert.equal(messages('exec', { command: 'a', background: 'yes' }), 'background: expected true or false');
  });

  test('they are in the groups of the policy', () => {
    const allowed = (...allow: string[]): string[] => decideTools(tools, [{ allow }]).allowed;
    assert.deepEqual(allowed('group:runtime'), ['exec', 'process']);
    assert.deepEqual(allowed('group:fs'), ['read', 'write', 'edit', 'list', 'search']);
  });
});
