/**
 * Owns the reading of multipart/form-data (RFC 7578). Files stay as bytes; everything else is text.
 */
import { badRequest } from './answers.ts';
import type { CallInput } from './parameters.ts';

const HEADER_END = Buffer.from('\r\n\r\n');

export function parseMultipart(contentType: string, body: Buffer): CallInput {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  if (boundary === null) throw badRequest('boundary not found in multipart content type');
  const delimiter = Buffer.from(`--${boundary[1] ?? boundary[2]}`);
  const input: CallInput = { parameters: {}, files: [] };
  let at = body.indexOf(delimiter);
  while (at !== -1) {
    const start = at + delimiter.length;
    const next = body.indexOf(delimiter, start);
    if (next === -1) break;
    // A part lies between CRLF after its delimiter and CRLF before the next one.
    readPart(body.subarray(start + 2, next - 2), input);
    at = next;
  }
  return input;
}

function readPart(part: Buffer, input: CallInput): void {
  const headerEnd = part.indexOf(HEADER_END);
  if (headerEnd === -1) throw badRequest("can't parse multipart part");
  const headers = part.subarray(0, headerEnd).toString('utf8');
  const content = part.subarray(headerEnd + HEADER_END.length);
  const field = /content-disposition:[^\r\n]*[;\s]name="([^"]*)"/i.exec(headers)?.[1];
  if (field === undefined) throw badRequest('field name not found in multipart part');
  const name = /content-disposition:[^\r\n]*filename\*?=(?:utf-8'')?"?([^"\r\n;]*)"?/i.exec(headers)?.[1];
  if (name === undefined) {
    input.parameters[field] = content.toString('utf8');
    return;
  }
  const type = /content-type:\s*([^\r\n]+)/i.exec(headers)?.[1] ?? 'application/octet-stream';
  // Copied: the part is a window on the whole request, which would stay in memory with it.
  input.files.push({ field, name: decodeURIComponent(name), type, bytes: Buffer.from(content) });
}
