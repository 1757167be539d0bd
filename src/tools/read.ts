/** Shows a part of a text file, or an image, of the sandbox. */
import * as z from 'zod/mini';
import { AppError } from '../domain/errors.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import type { ToolResult } from '../domain/tool.ts';
import { aboutPath } from './about-path.ts';
import { defineTool } from './define.ts';
import { imageType } from './images.ts';
import { numberField, pathAliases, textField, toolInput } from './input.ts';
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
    const window = { first, last: first + Math.min(Math.floor(limit), maxLines) - 1 };
    const found = await linesOf(sandbox, path, { bytes, totalBytes, ...window });
    return { text: textOf(found, { path, totalBytes, first }), isError: false };
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

interface Window {
  /** The file's beginning, which has been read already. */
  bytes: Uint8Array;
  totalBytes: number;
  first: number;
  last: number;
}

interface Lines {
  text: string;
  /** The last line that is in `text`, at least partly; 0 when there is none. */
  last: number;
  /** The last line is longer than what may be shown at once. */
  cutLine: boolean;
  /** The file ends with it. */
  atEnd: boolean;
  /** Lines that were passed over or taken. */
  seen: number;
}

/** Reads on in pieces until the wanted lines are there, whatever the size of the file. */
async function linesOf(sandbox: Sandbox, path: string, { bytes, totalBytes, first, last }: Window): Promise<Lines> {
  const taken: Buffer[] = [];
  let takenBytes = 0;
  let line = 1;
  let position = 0;
  let piece = Buffer.from(bytes);
  while (piece.length > 0) {
    let start = 0;
    while (start < piece.length && line <= last && takenBytes <= maxBytes) {
      const newline = piece.indexOf(10, start);
      const end = newline === -1 ? piece.length : newline + 1;
      if (line >= first) {
        taken.push(piece.subarray(start, end));
        takenBytes += end - start;
      }
      if (newline !== -1) line += 1;
      start = end;
    }
    position += start;
    if (line > last || takenBytes > maxBytes || position >= totalBytes) break;
    piece = Buffer.from((await sandbox.readFile(path, { offset: position, maxBytes: pieceBytes })).bytes);
  }
  return fitted(Buffer.concat(taken), { first, line, atEnd: position >= totalBytes });
}

/** What is over the size is left out, by whole lines unless the first alone is too long. */
function fitted(bytes: Buffer, { first, line, atEnd }: { first: number; line: number; atEnd: boolean }): Lines {
  const endsLine = bytes.at(-1) === 10;
  const seen = endsLine || bytes.length === 0 ? line - 1 : line;
  if (bytes.length <= maxBytes)
    return { text: decodeText(bytes), last: bytes.length === 0 ? 0 : seen, cutLine: false, atEnd, seen };
  const lastNewline = bytes.subarray(0, maxBytes).lastIndexOf(10);
  const kept = bytes.subarray(0, lastNewline === -1 ? maxBytes : lastNewline + 1);
  const lines = kept.filter((byte) => byte === 10).length;
  return { text: decodeText(kept), last: first + Math.max(lines, 1) - 1, cutLine: lastNewline === -1, atEnd: false, seen };
}

function textOf(
  { text, last, cutLine, atEnd, seen }: Lines,
  { path, totalBytes, first }: { path: string; totalBytes: number; first: number },
): string {
  if (last === 0) return `[${path} has only ${count(seen)} lines]`;
  const shown = harmless(text).replace(/\n$/, '');
  if (first === 1 && atEnd) return shown;
  const size = `${count(totalBytes)} bytes in all`;
  if (cutLine) return `${shown}\n[line ${first} goes on; ${size}; see it with exec, e.g. cut -c]`;
  return `${shown}\n[lines ${first} to ${last}; ${atEnd ? 'the file ends here' : `${size}; go on with offset ${last + 1}`}]`;
}
