// Windows of lines, for any file: the sandbox is only a place that bytes are read from.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { Sandbox } from '../../src/domain/sandbox.ts';
import type { ToolContext } from '../../src/domain/tool.ts';
import { toolNamed } from './tool-bed.ts';

async function read(file: Buffer, input: { offset?: number; limit?: number }): Promise<string> {
  const readFile: Sandbox['readFile'] = async (_path, { offset, maxBytes }) => ({
    bytes: file.subarray(offset, offset + maxBytes),
    totalBytes: file.length,
  });
  const context = { sandbox: async () => ({ readFile }) as unknown as Sandbox } as ToolContext;
  return (await toolNamed('read').run({ path: 'f', ...input }, context)).text;
}

/** `lines` and the note below them. */
function parts(text: string): { lines: string[]; note: string } {
  const at = text.lastIndexOf('\n[lines ');
  return at === -1 ? { lines: text.split('\n'), note: '' } : { lines: text.slice(0, at).split('\n'), note: text.slice(at + 1) };
}

const line = fc.string({ unit: 'grapheme-ascii', maxLength: 30 }).map((value) => value.replaceAll('\u007f', '.'));

describe('read', () => {
  test('any window of any file is its lines, and the note says where they are', async () => {
    const file = fc
      .tuple(fc.array(line, { minLength: 1, maxLength: 60 }), fc.boolean())
      .filter(([lines]) => lines.some((one) => one !== ''));
    await fc.assert(
      fc.asyncProperty(
        file,
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 70 }),
        async ([lines, newline], offset, limit) => {
          const content = lines.join('\n') + (newline ? '\n' : '');
          // A newline ends a line; what comes after the last one is a line only if there is something.
          const real = content.endsWith('\n') ? content.slice(0, -1).split('\n') : content.split('\n');
          const wanted = real.slice(offset - 1, offset - 1 + limit);
          const text = await read(Buffer.from(content), { offset, limit });
          if (wanted.length === 0)
            return assert.equal(text, `[f has only ${real.length} ${real.length === 1 ? 'line' : 'lines'}]`);
          const found = parts(text);
          assert.deepEqual(found.lines, wanted);
          const last = offset + wanted.length - 1;
          const atEnd = last === real.length;
          if (offset === 1 && atEnd) return assert.equal(found.note, '');
          assert.ok(found.note.startsWith(`[lines ${offset} to ${last}; `), found.note);
          assert.equal(found.note.includes('the file ends here'), atEnd);
          assert.equal(found.note.includes(`go on with offset ${last + 1}]`), !atEnd);
        },
      ),
      { numRuns: 300 },
    );
  });
});
