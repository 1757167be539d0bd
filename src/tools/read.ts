/** Shows a part of a text file, or an image, of the sandbox. */
import * as z from 'zod/mini';
import { AppError } from '../domain/errors.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import type { ToolResult } from '../domain/tool.ts';
import { aboutPath } from './about-path.ts';
import { defineTool } from './define.ts';
import { imageType } from './images.ts';
import { numberField, pathAliases, textField, toolInput } from './input.ts';
import { LineWindow } from './line-window.ts';
import { count, decodeText, describeBytes, harmless, looksBinary } from './text-for-model.ts';

const maxLines = 2000;
const maxBytes = 50 * 1024;
/** Models take no larger ones. */
const maxImageBytes = 5 * 1_048_576;
const pieceBytes = 262_144;

const input = toolInput(
  { path: textField(), offset: z.optional(numberField(1, 'First line')), limit: z.optional(numberField(1, 'Lines')) },
  pathAliases,
);
type Input = z.output<typeof input>;

export const read = defineTool<Input>({
  name: 'read',
  groups: ['fs'],
  description: 'Read a text file (2000 lines or 50 KB at once) or look at an image.',
  input,
  effect: () => 'read',
  async run({ path, offset = 1, limit = maxLines }, context) {
    const sandbox = await context.sandbox();
    const { bytes, totalBytes } = await aboutPath(path, sandbox.readFile(path, { offset: 0, maxBytes: pieceBytes }));
    const mimeType = imageType(bytes);
    if (mimeType !== undefined) return readImage(sandbox, path, { mimeType, totalBytes });
    if (totalBytes === 0) return { text: `[${path} is empty]`, isError: false };
    if (looksBinary(bytes)) return { text: `[${path}: ${describeBytes(bytes, totalBytes)}]`, isError: false };
    const first = Math.floor(offset);
    const window = new LineWindow({ first, last: first + Math.min(Math.floor(limit), maxLines) - 1, maxBytes });
    let position = window.add(Buffer.from(bytes));
    while (!window.full && position < totalBytes) {
      const more = await sandbox.readFile(path, { offset: position, maxBytes: pieceBytes });
      // It has become shorter meanwhile.
      if (more.bytes.length === 0) break;
      position += window.add(Buffer.from(more.bytes));
    }
    return { text: textOf(window, { path, totalBytes, first, atEnd: position >= totalBytes }), isError: false };
  },
});

async function readImage(
  sandbox: Sandbox,
  path: string,
  { mimeType, totalBytes }: { mimeType: string; totalBytes: number },
): Promise<ToolResult> {
  if (totalBytes > maxImageBytes) {
    throw new AppError('limit', `${path} is an image of ${count(totalBytes)} bytes.`, {
      hint: `At most ${count(maxImageBytes)} can be shown.`,
    });
  }
  const { bytes } = await sandbox.readFile(path, { offset: 0, maxBytes: maxImageBytes });
  const image = { type: 'image' as const, mimeType, data: Buffer.from(bytes).toString('base64') };
  return { text: `[${path}: ${mimeType}, ${count(totalBytes)} bytes]`, isError: false, images: [image] };
}

interface Place {
  path: string;
  totalBytes: number;
  first: number;
  /** Everything to the end of the file was looked at. */
  atEnd: boolean;
}

function textOf(window: LineWindow, { path, totalBytes, first, atEnd }: Place): string {
  const { bytes, last, cut } = window.result();
  if (last === 0) return `[${path} has only ${count(window.seen)} ${window.seen === 1 ? 'line' : 'lines'}]`;
  const shown = harmless(decodeText(bytes)).replace(/\n$/, '');
  const size = `${count(totalBytes)} bytes in all`;
  if (cut) return `${shown}\n[line ${first} goes on; ${size}; see it with exec, e.g. cut -c]`;
  const complete = atEnd && last === window.seen;
  if (first === 1 && complete) return shown;
  return `${shown}\n[lines ${first} to ${last}; ${complete ? 'the file ends here' : `${size}; go on with offset ${last + 1}`}]`;
}
