import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { removeValue, setValue } from '../../src/config/json5/splice.ts';
import { nodeAt, parseTree, valueOf, type TreeNode } from '../../src/config/json5/tree.ts';
import { isAppError } from '../../src/domain/errors.ts';
import { json5Text } from './json5-text.ts';

type Path = (string | number)[];

function* paths(node: TreeNode, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (node.kind === 'object') for (const member of node.members) yield* paths(member.value, [...path, member.key]);
  if (node.kind === 'array') for (const [index, item] of node.items.entries()) yield* paths(item, [...path, index]);
}

const valueIn = (text: string): Record<string, unknown> => valueOf(parseTree(text) as TreeNode) as Record<string, unknown>;
const newValue = fc
  .jsonValue({ maxDepth: 2 })
  .filter((value) => !/__proto__|constructor|prototype/.test(JSON.stringify(value)) && value !== undefined);
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('replacing a value changes nothing before or after it', () => {
  fc.assert(
    fc.property(json5Text, fc.nat(), newValue, (text, choice, value) => {
      const tree = parseTree(text) as TreeNode;
      const all = [...paths(tree)];
      const path = all[choice % all.length] as Path;
      const { start, end } = nodeAt(tree, path) as TreeNode;
      const after = setValue(text, path, plain(value));
      assert.ok(after.startsWith(text.slice(0, start)) && after.endsWith(text.slice(end)), after);
      assert.deepEqual(valueOf(nodeAt(parseTree(after), path) as TreeNode), plain(value));
    }),
    { numRuns: 1000 },
  );
});

test('adding a value keeps all others, and every character but for one comma', () => {
  fc.assert(
    fc.property(json5Text, fc.nat(), newValue, (text, choice, value) => {
      const tree = parseTree(text) as TreeNode;
      const objects = [[], ...paths(tree)].filter((path) => nodeAt(tree, path)?.kind === 'object');
      const path = [...(objects[choice % objects.length] as Path), 'added', 'below'];
      const after = setValue(text, path, plain(value));
      const expected = setPlain(valueIn(text), path, plain(value));
      assert.deepEqual(valueIn(after), expected);
      assert.ok(isSubsequence(text.replace(/\s/g, ''), after.replace(/\s/g, '')), after);
    }),
    { numRuns: 1000 },
  );
});

test('adding to something and taking it out again gives the same text, but for white space', () => {
  fc.assert(
    fc.property(json5Text, fc.nat(), (text, choice) => {
      const tree = parseTree(text) as TreeNode;
      const full = [[], ...paths(tree)].filter((path) => {
        const node = nodeAt(tree, path);
        return node?.kind === 'object' && node.members.length > 0;
      });
      const path = [...(full[choice % full.length] as Path), 'added'];
      const again = removeValue(setValue(text, path, 1), path) ?? '';
      assert.equal(again.replace(/\s/g, ''), text.replace(/\s/g, ''));
    }),
    { numRuns: 1000 },
  );
});

test('removing a value keeps all others and their comments', () => {
  fc.assert(
    fc.property(json5Text, fc.nat(), (text, choice) => {
      const all = [...paths(parseTree(text) as TreeNode)];
      const path = all[choice % all.length] as Path;
      const after = removeValue(text, path);
      assert.ok(after !== undefined);
      assert.deepEqual(valueIn(after), removePlain(valueIn(text), path));
      assert.ok(isSubsequence(after, text), after);
    }),
    { numRuns: 1000 },
  );
});

test('a list takes a new entry at its end only, and nothing is set below a plain value', () => {
  assert.equal(setValue('{a: [1]}', ['a', 1], 2), '{a: [1, 2]}');
  assert.throws(
    () => setValue('{a: [1]}', ['a', 2], 2),
    (error) => isAppError(error, 'invalid') && error.hint === 'Use [1] to add one at the end.',
  );
  assert.throws(
    () => setValue('{a: 1}', ['a', 'b'], 2),
    (error) => isAppError(error, 'invalid'),
  );
  assert.equal(removeValue('{a: [1]}', ['a', 1]), undefined);
  assert.equal(removeValue('{a: 1}', ['a', 'b']), undefined);
  assert.equal(removeValue('', ['a']), undefined);
});

function setPlain(root: Record<string, unknown>, path: Path, value: unknown): unknown {
  let here: Record<string | number, unknown> = root;
  for (const step of path.slice(0, -1)) here = (here[step] ??= {}) as Record<string | number, unknown>;
  here[path.at(-1) as string] = value;
  return root;
}

function removePlain(root: Record<string, unknown>, path: Path): unknown {
  let here = root as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) here = here[step] as Record<string | number, unknown>;
  const last = path.at(-1) as string | number;
  if (Array.isArray(here)) here.splice(Number(last), 1);
  else delete here[last];
  return root;
}

function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (const character of whole) if (character === part[at]) at += 1;
  return at === part.length;
}
