// What every tool promises, whatever it does: looped over the list. `examples` has one harmless input of each.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as fc from 'fast-check';
import { AppError, isAppError } from '../../src/domain/errors.ts';
import { describeTool } from '../../src/domain/tool-description.ts';
import type { Tool, ToolContext } from '../../src/domain/tool.ts';
import type { ToolBed } from '../tools/tool-bed.ts';

const patience = { timeout: 120_000 };
const mostDescriptionBytes = 800;

export function toolContract(
  name: string,
  make: () => Promise<ToolBed>,
  list: readonly Tool[],
  examples: Readonly<Record<string, object>>,
): void {
  describe(`tool contract: ${name}`, () => {
    let bed: ToolBed;
    before(async () => {
      bed = await make();
    }, patience);
    after(() => bed.close(), patience);

    test('names are unique', () => {
      assert.equal(new Set(list.map((tool) => tool.name.toLowerCase())).size, list.length);
    });

    for (const tool of list) describe(tool.name, () => oneTool(tool, () => bed, examples[tool.name] ?? {}));
  });
}

function oneTool(tool: Tool, bed: () => ToolBed, example: object): void {
  const run = async (input: unknown, more: Partial<ToolContext> = {}) =>
    tool.run(tool.input.parse(input), { ...bed().context, ...more });

  test('it is described: a name, a sentence, an object of bounded size, always the same', () => {
    assert.match(tool.name, /^[a-z][a-z_]{1,30}$/);
    assert.ok(tool.groups.length > 0);
    assert.match(tool.description, /^[A-Z].*\.$/s);
    const described = describeTool(tool);
    assert.equal(described, describeTool(tool));
    assert.equal(described.inputSchema['type'], 'object');
    assert.equal(described.inputSchema['additionalProperties'], false);
    assert.equal('$schema' in described.inputSchema, false);
    assert.ok(Buffer.byteLength(JSON.stringify(described)) < mostDescriptionBytes);
  });

  test('the example is taken; a key that is not known is refused by name, with those that are', () => {
    assert.ok(tool.input.safeParse(example).success);
    const refused = tool.input.safeParse({ ...example, surprise: 1 });
    const properties = Object.keys(describeTool(tool).inputSchema['properties'] as object);
    assert.match(refused.error?.issues[0]?.message ?? '', /surprise/);
    for (const known of properties) assert.ok(refused.error?.issues[0]?.message.includes(known));
  });

  test('what is no object is refused; a field that is null counts as left out', () => {
    for (const wrong of ['text', 7, null, undefined, [], [example]]) assert.equal(tool.input.safeParse(wrong).success, false);
    const optional = Object.keys(describeTool(tool).inputSchema['properties'] as object).filter((key) => !(key in example));
    assert.deepEqual(
      tool.input.parse({ ...example, ...Object.fromEntries(optional.map((key) => [key, null])) }),
      tool.input.parse(example),
    );
  });

  test('its effect is one of the two, for any input that it takes', () => {
    assert.ok(['read', 'write'].includes(tool.effect(tool.input.parse(example))));
  });

  test('a sandbox that cannot be had is passed on as it is', patience, async () => {
    const error = new AppError('unavailable', 'There is no sandbox.');
    const processes = {
      ...bed().context.processes,
      list: () => {
        throw error;
      },
    };
    await assert.rejects(run(example, { processes, sandbox: () => Promise.reject(error) }), error);
  });

  test('it ends when it is aborted', patience, async () => {
    const before = await run(example, { signal: AbortSignal.abort() }).catch((error: unknown) => error);
    assert.ok(isAppError(before) || (before as { text?: unknown }).text !== undefined);
  });

  test('whatever fits its schema gives a result or an AppError', patience, async () => {
    await fc.assert(
      fc.asyncProperty(inputLike(tool), async (input) => {
        const parsed = tool.input.safeParse({ ...input, ...cautious(tool.name) });
        if (!parsed.success) return;
        const outcome = await tool.run(parsed.data, { ...bed().context, timeoutMs: 3000 }).catch((error: unknown) => error);
        if (outcome instanceof Error) assert.ok(isAppError(outcome), `threw ${String(outcome)}`);
        else assert.equal(typeof (outcome as { text: unknown }).text, 'string');
      }),
      { numRuns: 25 },
    );
  });
}

const anyPath = fc.oneof(
  fc.constantFrom('.', '..', '/', 'a.txt', 'no/such', '/etc/passwd', '/proc/self/mem', '-rf', '', 'a\0b', '\n'),
  fc.string(),
);
const anyValue = fc.oneof(
  anyPath,
  fc.boolean(),
  fc.integer(),
  fc.double(),
  fc.constant({}),
  fc.dictionary(fc.string(), fc.string()),
);

/** Objects with the tool's own keys and values of many kinds. */
function inputLike(tool: Tool): fc.Arbitrary<object> {
  const { properties } = describeTool(tool).inputSchema as { properties: Record<string, { type: string; enum?: string[] }> };
  const fields = Object.entries(properties).map(([key, schema]) => [key, fieldLike(schema)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] });
}

function fieldLike({ type, enum: choices }: { type: string; enum?: string[] }): fc.Arbitrary<unknown> {
  if (choices) return fc.constantFrom(...choices);
  if (type === 'number') return fc.oneof(fc.integer({ min: 1, max: 5 }), fc.double());
  if (type === 'boolean') return fc.boolean();
  return type === 'string' ? anyPath : anyValue;
}

/** Random text is no command to run on a host. */
function cautious(name: string): object {
  return name === 'exec' ? { command: 'true' } : {};
}
