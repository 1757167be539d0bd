import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configDocs } from '../../src/config/docs.ts';
import { jsonSchemaOf } from '../../src/config/json-schema.ts';
import { allKeys, childrenOf, factsOf, unwrap } from '../../src/config/known.ts';
import { configModel } from '../../src/config/model.ts';

const model = configModel();

test('docs/configuration.md is what the schema says: openclaw config docs > docs/configuration.md', () => {
  const written = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'configuration.md'), 'utf8');
  assert.equal(written, configDocs(model));
});

test('every key is described, and every key that takes one value only says why', () => {
  const bare: string[] = [];
  for (const { path, schema } of allKeys(model.schema)) {
    const { description, because } = factsOf(schema);
    const isEntry = ['[]', '<name>'].includes(path.at(-1) ?? '');
    const isSilent = unwrap(schema)._zod.def.type === 'literal' && !because;
    const isLeaf = Object.keys(childrenOf(schema)).length === 0;
    if ((isLeaf && !isEntry && !description) || isSilent) bare.push(path.join('.'));
  }
  assert.deepEqual(bare, []);
});

test('the JSON Schema is strict, says what each key means, and names no secret', () => {
  const schema = jsonSchemaOf(model.schema);
  const text = JSON.stringify(schema);
  const at = (...path: string[]): Record<string, unknown> =>
    path.reduce((here, key) => (here.properties as Record<string, Record<string, unknown>>)[key] ?? {}, schema);
  assert.equal(schema.additionalProperties, false);
  assert.deepEqual(at('gateway', 'auth', 'token').type, 'string');
  assert.equal(at('gateway', 'auth', 'token')['x-secret'], true);
  assert.equal(at('gateway', 'port').maximum, 65535);
  assert.equal(at('gateway', 'bind').const, 'loopback');
  assert.equal(at('session', 'dmScope').default, 'per-channel-peer');
  assert.match(String(at('channels', 'telegram', 'dmPolicy').description), /Who may talk/);
  assert.ok(!text.includes('"because"') && !text.includes('"expects"'));
});
