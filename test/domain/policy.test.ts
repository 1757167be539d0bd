import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { isAppError } from '../../src/domain/errors.ts';
import { allowedTools, decideTools, toolGroups } from '../../src/domain/policy.ts';
import type { PolicySubject, ToolPolicy } from '../../src/domain/policy.ts';

const groupsOfTool = new Map([
  ['list', ['fs']],
  ['search', ['fs']],
  ['read', ['fs']],
  ['exec', ['runtime']],
]);
const subjects = (...names: string[]): PolicySubject[] => names.map((name) => ({ name, groups: groupsOfTool.get(name) ?? [] }));
const ours = subjects('exec', 'process', 'read', 'write', 'edit', 'list', 'search');
const allowed = (...layers: ToolPolicy[]): string[] => decideTools(ours, layers).allowed;

describe('tool policy', () => {
  test('without layers everything is allowed', () => {
    assert.deepEqual(
      allowed(),
      ours.map((tool) => tool.name),
    );
  });

  test('deny wins over allow in the same layer', () => {
    assert.deepEqual(allowed({ allow: ['read', 'exec'], deny: ['exec'] }), ['read']);
  });

  test('a group takes the public names and the tools that say they belong', () => {
    assert.deepEqual(allowed({ allow: ['group:fs'] }), ['read', 'write', 'edit', 'list', 'search']);
    assert.deepEqual(allowed({ deny: ['group:fs'] }), ['exec', 'process']);
  });

  test('names are compared without case, with wildcards and the known aliases', () => {
    assert.deepEqual(allowed({ allow: ['READ', ' Write '] }), ['read', 'write']);
    assert.deepEqual(
      allowed({ deny: ['Bash'] }),
      ours.map((tool) => tool.name).filter((name) => name !== 'exec'),
    );
    assert.deepEqual(allowed({ allow: ['*ri*e*'] }), ['write']);
    assert.deepEqual(allowed({ allow: ['*'] }).length, 7);
    assert.deepEqual(decideTools(subjects('apply_patch'), [{ deny: ['apply-patch'] }]).allowed, []);
    // A dot is a dot, not any character.
    assert.deepEqual(allowed({ deny: ['re.d', 'r.a*'] }).includes('read'), true);
  });

  test('the profiles are the public ones', () => {
    const all = subjects(...new Set(Object.values(toolGroups).flat()), 'exec');
    const of = (profile: NonNullable<ToolPolicy['profile']>): string[] => decideTools(all, [{ profile }]).allowed;
    assert.deepEqual(of('minimal'), ['session_status']);
    assert.deepEqual(of('messaging').toSorted(), [
      'message',
      'session_status',
      'sessions_history',
      'sessions_list',
      'sessions_send',
    ]);
    assert.ok(['read', 'exec', 'process', 'image', 'memory_get', 'sessions_spawn'].every((name) => of('coding').includes(name)));
    assert.ok(!of('coding').includes('web_fetch'));
    assert.equal(of('full').length, all.length);
  });

  test('alsoAllow adds to the profile; alone it limits nothing', () => {
    assert.deepEqual(allowed({ profile: 'minimal', alsoAllow: ['read'] }), ['read']);
    assert.equal(allowed({ alsoAllow: ['read'] }).length, ours.length);
  });

  test('an empty allow list allows nothing', () => {
    assert.deepEqual(allowed({ allow: [] }), []);
  });

  test('allow with alsoAllow in one layer is invalid and says what to do', () => {
    const both = [{ allow: ['read'], alsoAllow: ['exec'], source: 'tools' }];
    for (const decide of [decideTools, allowedTools]) {
      assert.throws(
        () => decide(ours, both),
        (error) => isAppError(error, 'invalid') && /tools has both/.test(error.message) && !!error.hint,
      );
    }
  });

  test('each denial names the first layer and the rule that said no', () => {
    const { denied } = decideTools(ours, [
      { deny: ['gateway', 'nodes'], source: 'tools' },
      { allow: ['group:runtime', 'read', 'write'], source: 'agents.list.main.tools' },
      { profile: 'coding', deny: ['bash', 'read'] },
    ]);
    const found = Object.fromEntries(denied.map(({ name, layer, source, rule }) => [name, `${layer} ${source}: ${rule}`]));
    assert.deepEqual(found, {
      exec: '2 layer 3: deny bash',
      read: '2 layer 3: deny read',
      edit: '1 agents.list.main.tools: not in allow',
      list: '1 agents.list.main.tools: not in allow',
      search: '1 agents.list.main.tools: not in allow',
    });
  });

  test('unknown names warn where they were meant to allow, unknown groups everywhere', () => {
    const { warnings } = decideTools(ours, [
      { allow: ['raed', 'web_search', 'group:web', 'group:flies', 'x*'], deny: ['gateway', 'group:rntime'], source: 'tools' },
    ]);
    assert.deepEqual(
      warnings.map(({ entry }) => entry),
      ['raed', 'web_search', 'group:flies', 'x*', 'group:rntime'],
    );
    assert.ok(warnings.every(({ source, message }) => source === 'tools' && message.length > 0));
  });

  test('what every object has is no group, profile entry or alias', () => {
    assert.deepEqual(allowed({ allow: ['group:constructor', 'group:__proto__', 'constructor'] }), []);
    assert.deepEqual(decideTools(subjects('constructor', 'toString'), [{ deny: ['group:toString'] }]).allowed.length, 2);
  });
});

describe('tool policy, any layers', () => {
  const name = fc.constantFrom(
    'exec',
    'bash',
    'Read',
    'write',
    'edit',
    'list',
    'search',
    'process',
    'gateway',
    '*',
    'r*',
    '*e*',
    'group:fs',
    'group:runtime',
    'group:openclaw',
    'group:x',
    '',
  );
  const names = fc.array(name, { maxLength: 4 });
  const layer: fc.Arbitrary<ToolPolicy> = fc
    .record({
      profile: fc.option(fc.constantFrom('minimal' as const, 'coding' as const, 'messaging' as const, 'full' as const), {
        nil: undefined,
      }),
      list: fc.option(fc.tuple(fc.constantFrom('allow' as const, 'alsoAllow' as const), names), { nil: undefined }),
      deny: fc.option(names, { nil: undefined }),
    })
    .map(({ profile, list, deny }) => ({
      ...(profile && { profile }),
      ...(list && { [list[0]]: list[1] }),
      ...(deny && { deny }),
    }));
  const layers = fc.array(layer, { maxLength: 4 });

  test('one more layer, wherever it is put, never widens', () => {
    fc.assert(
      fc.property(layers, layer, fc.nat(4), (before, added, at) => {
        const wide = new Set(allowed(...before));
        assert.ok(allowed(...before.toSpliced(at, 0, added)).every((one) => wide.has(one)));
      }),
    );
  });

  test('what one layer denies stays denied whatever else is said', () => {
    fc.assert(
      fc.property(layers, layers, fc.constantFrom(...ours), (before, after, tool) => {
        assert.ok(!allowed(...before, { allow: ['*'], deny: [tool.name.toUpperCase()] }, ...after).includes(tool.name));
      }),
    );
  });

  test('a child has what both it and its parent allow, and no more', () => {
    fc.assert(
      fc.property(layers, layers, (parent, child) => {
        const own = new Set(allowed(...child));
        assert.deepEqual(
          allowed(...parent, ...child),
          allowed(...parent).filter((one) => own.has(one)),
        );
      }),
    );
  });

  test('every tool is either allowed or denied, and both ways of asking agree', () => {
    fc.assert(
      fc.property(layers, (all) => {
        const { allowed: yes, denied } = decideTools(ours, all);
        assert.deepEqual([...yes, ...denied.map((one) => one.name)].toSorted(), ours.map((tool) => tool.name).toSorted());
        assert.deepEqual(
          allowedTools(ours, all).map((tool) => tool.name),
          yes,
        );
      }),
    );
  });
});
