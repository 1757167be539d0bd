// What each tool does, on any backend.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isAppError } from '../../src/domain/errors.ts';
import type { AppError, ErrorCode } from '../../src/domain/errors.ts';
import type { ToolContext, ToolResult } from '../../src/domain/tool.ts';
import { createProcessTable } from '../../src/sandbox/process-table.ts';
import type { ToolBed } from './tool-bed.ts';

const patience = { timeout: 120_000 };

export function toolBehaviour(name: string, make: () => Promise<ToolBed>): void {
  describe(`tools in ${name}`, () => {
    let bed: ToolBed;
    const call = (tool: string, input: unknown, more?: Partial<ToolContext>): Promise<ToolResult> => bed.call(tool, input, more);
    const text = async (tool: string, input: unknown, more?: Partial<ToolContext>): Promise<string> =>
      (await call(tool, input, more)).text;
    before(async () => {
      bed = await make();
    }, patience);
    after(() => bed.close(), patience);

    describe('exec', () => execTool(call, text, () => bed));
    describe('process', () => processTool(call, text));
    describe('read', () => readTool(call, text, () => bed));
    describe('write and edit', () => writeAndEdit(call, text, () => bed));
    describe('list and search', () => listAndSearch(call, text, () => bed));
  });
}

type Call = (tool: string, input: unknown, more?: Partial<ToolContext>) => Promise<ToolResult>;
type Text = (tool: string, input: unknown, more?: Partial<ToolContext>) => Promise<string>;

function fails(promise: Promise<unknown>, code: ErrorCode, words: RegExp): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(isAppError(error, code), String(error));
    assert.match(`${error.message} ${error.hint ?? ''}`, words);
    return true;
  });
}

function execTool(call: Call, text: Text, bed: () => ToolBed): void {
  test('output of both streams; the exit code where it is not 0', patience, async () => {
    assert.deepEqual(await call('exec', { command: 'echo hello' }), { text: 'hello', isError: false });
    assert.deepEqual(await call('exec', { command: 'echo out; exit 3' }), { text: 'out\n[exit code 3]', isError: true });
    assert.match(await text('exec', { command: 'echo out; echo err >&2' }), /^(out\nerr|err\nout)$/);
    assert.deepEqual(await call('exec', { command: 'true' }), { text: '[no output; exit code 0]', isError: false });
  });

  test('workdir and env', patience, async () => {
    await text('exec', { command: 'mkdir -p sub/dir' });
    assert.equal(
      await text('exec', { command: 'basename "$(pwd)"; echo "$WORD"', workdir: 'sub/dir', env: { WORD: 'a b' } }),
      'dir\na b',
    );
    await fails(call('exec', { command: 'pwd', workdir: 'nowhere' }), 'not_found', /nowhere/);
  });

  test('input is empty and closed', patience, async () => {
    assert.equal(await text('exec', { command: 'cat; echo end' }), 'end');
  });

  test('over its time it says so, with what it wrote', patience, async () => {
    const { text: said, isError } = await call('exec', { command: 'echo early; sleep 600', timeout: 1 });
    assert.equal(said, 'early\n[killed: it ran longer than its timeout]');
    assert.equal(isError, true);
  });

  test('the longest time is the context’s, whatever is asked', patience, async () => {
    assert.match(await text('exec', { command: 'sleep 600', timeout: 600 }, { timeoutMs: 700 }), /longer than its timeout/);
  });

  test('an abort ends the command', patience, async () => {
    const stop = new AbortController();
    const running = call('exec', { command: 'sleep 600' }, { signal: stop.signal });
    setTimeout(() => stop.abort(), 200);
    assert.match((await running).text, /killed by/);
  });

  test('long output keeps its head and tail; all of it is in a file that read can page', patience, async () => {
    const said = await text('exec', { command: 'seq 1 5000' }, { maxOutputChars: 1000, callId: 'call/../1' });
    assert.match(said, /^1\n2\n/);
    assert.match(said, /\n4999\n5000$/);
    const [, chars = '', path = ''] = /\n\[… ([\d,]+) characters left out; all of it is in (\S+)\]\n/.exec(said) ?? [];
    assert.ok(path.startsWith(`${bed().sandbox.scratchDir}/out/`), said);
    assert.doesNotMatch(path.slice(bed().sandbox.scratchDir.length), /\.\./);
    assert.equal(said.length - said.match(/\[….*\]\n/)![0].length + Number(chars.replaceAll(',', '')), 23_892);
    assert.match(await text('read', { path, offset: 2500, limit: 2 }), /^2500\n2501\n/);
  });

  test('binary output is described, and kept', patience, async () => {
    await bed().sandbox.writeFile('bytes', Buffer.from('\0\x01\xffbinary', 'latin1'));
    const said = await text('exec', { command: 'cat bytes' });
    assert.match(said, /^\[9 bytes of binary data, beginning with 00 01 ff 62 .*; all of it is in \S+\.bin\]$/);
  });

  test('what could deceive a terminal or a model is shown by its code', patience, async () => {
    const tricks = '\u001b[31mred\u001b[0m \u001b]0;title\u0007a\bb\ttab \u202ertl\u{e0041}\n10%\r50%\r100%\r\nend\r\n';
    await bed().sandbox.writeFile('tricks', Buffer.from(tricks));
    const shown = 'red a<U+0008>b\ttab <U+202E>rtl<U+E0041>\n100%\nend';
    assert.equal(await text('exec', { command: 'cat tricks' }), shown);
    assert.equal(await text('read', { path: 'tricks' }), shown.replace('100%', '10%<U+000D>50%<U+000D>100%'));
  });
}

function processTool(call: Call, text: Text): void {
  test('a long command goes on in the background and is polled to its end', patience, async () => {
    const started = await text('exec', { command: 'echo first; sleep 1; echo second', yieldMs: 300 });
    const [, id = ''] = /\[running in the background as (p\d+);/.exec(started) ?? [];
    assert.ok(id, started);
    let seen = '';
    for (let polls = 0; !seen.includes('ended: exit code 0') && polls < 20; polls += 1)
      seen += `${await text('process', { action: 'poll', sessionId: id })}\n`;
    assert.match(seen, /second[\s\S]*\[p\d+ ended: exit code 0\]/);
    assert.equal(seen.match(/second/g)?.length, 1);
    assert.match(started, /^first\n/);
    assert.doesNotMatch(seen, /first/);
    assert.match(
      await text('process', { action: 'log', sessionId: id }),
      /^first\nsecond\n\[lines 1 to 2 of 2; p\d+ ended: exit code 0\]$/,
    );
    assert.match(await text('process', { action: 'log', sessionId: id, offset: 2, limit: 1 }), /^second\n\[lines 2 to 2 of 2;/);
    assert.match(
      await text('process', { action: 'list' }),
      new RegExp(`^${id} {2}ended: exit code 0 {2}echo first; sleep 1; echo second$`, 'm'),
    );
    assert.equal(await text('process', { action: 'remove', sessionId: id }), `[${id} removed]`);
    await fails(call('process', { action: 'poll', sessionId: id }), 'not_found', new RegExp(id));
  });

  test('input can be written to a background command', patience, async () => {
    const [, id = ''] = /as (p\d+);/.exec(await text('exec', { command: 'cat', background: true })) ?? [];
    await call('process', { action: 'write', sessionId: id, data: 'one\n' });
    await call('process', { action: 'write', sessionId: id, data: 'two\n', eof: true });
    let seen = '';
    for (let polls = 0; !seen.includes('ended') && polls < 20; polls += 1)
      seen += await text('process', { action: 'poll', sessionId: id });
    assert.match(seen, /one[\s\S]*two[\s\S]*ended: exit code 0/);
    await fails(call('process', { action: 'write', sessionId: id, data: 'x' }), 'invalid', /has ended/);
  });

  test('kill ends it; the turn’s end does not', patience, async () => {
    const stop = new AbortController();
    const [, id = ''] =
      /as (p\d+);/.exec(await text('exec', { command: 'sleep 600', background: true }, { signal: stop.signal })) ?? [];
    stop.abort();
    assert.match(await text('process', { action: 'list' }), new RegExp(`${id}  running  sleep 600`));
    assert.match(await text('process', { action: 'kill', sessionId: id }), new RegExp(`^\\[${id} ended: killed by SIG`));
    assert.match(await text('process', { action: 'poll', sessionId: id }), /\[nothing new\]\n\[p\d+ ended: killed by SIG/);
  });

  test('there is an end to what goes on in the background', { timeout: 240_000 }, async () => {
    const processes = createProcessTable();
    for (let started = 0; started < 32; started += 1)
      await call('exec', { command: 'sleep 600', background: true }, { processes });
    await fails(call('exec', { command: 'sleep 600', background: true }, { processes }), 'limit', /32 commands are running/);
    assert.equal(await text('exec', { command: 'sleep 1; echo waited for', yieldMs: 10 }, { processes }), 'waited for');
    await Promise.all(processes.list().map((entry) => entry.process.kill()));
    await text('exec', { command: 'true', background: true }, { processes });
    assert.equal(processes.list().length, 32);
    await Promise.all(processes.list().map((entry) => entry.process.kill()));
  });

  test('what is missing is said', patience, async () => {
    await fails(call('process', { action: 'poll' }), 'invalid', /needs a sessionId/);
    await fails(call('process', { action: 'kill', sessionId: 'p999' }), 'not_found', /p999/);
  });
}

function readTool(call: Call, text: Text, bed: () => ToolBed): void {
  const write = (path: string, content: string | Uint8Array): Promise<void> =>
    bed().sandbox.writeFile(path, Buffer.from(content));

  test('a small file is given as it is', patience, async () => {
    await write('small.txt', 'one\ntwo ü日\n');
    assert.deepEqual(await call('read', { path: 'small.txt' }), { text: 'one\ntwo ü日', isError: false });
    await write('empty.txt', '');
    assert.equal(await text('read', { path: 'empty.txt' }), '[empty.txt is empty]');
  });

  test('a window of lines, and where to go on', patience, async () => {
    await write('lines.txt', Array.from({ length: 5000 }, (_, index) => `line ${index + 1}\n`).join(''));
    const first = await text('read', { path: 'lines.txt' });
    assert.equal(first.split('\n').length, 2001);
    assert.match(first, /\nline 2000\n\[lines 1 to 2000; 48,893 bytes in all; go on with offset 2001\]$/);
    assert.equal(
      await text('read', { path: 'lines.txt', offset: 4999 }),
      'line 4999\nline 5000\n[lines 4999 to 5000; the file ends here]',
    );
    assert.match(await text('read', { path: 'lines.txt', offset: 10, limit: 1 }), /^line 10\n\[lines 10 to 10; .* offset 11\]$/);
    assert.equal(await text('read', { path: 'lines.txt', offset: 6000 }), '[lines.txt has only 5,000 lines]');
  });

  test('a large file is paged from end to end without a gap', patience, async () => {
    const lines = Array.from({ length: 9000 }, (_, index) => `${index} ${'ü'.repeat(index % 97)}`);
    await write('paged.txt', lines.join('\n'));
    const found: string[] = [];
    let offset: number | undefined = 1;
    while (offset !== undefined) {
      const page = await text('read', { path: 'paged.txt', offset });
      const note = page.lastIndexOf('\n[lines ');
      found.push(...page.slice(0, note).split('\n'));
      assert.ok(Buffer.byteLength(page.slice(0, note)) <= 50 * 1024);
      const next = /go on with offset (\d+)\]$/.exec(page)?.[1];
      offset = next === undefined ? undefined : Number(next);
    }
    assert.deepEqual(found, lines);
  });

  test('a line that is too long is cut and said to be', patience, async () => {
    await write('long.txt', `short\n${'x'.repeat(300_000)}\nlast\n`);
    const said = await text('read', { path: 'long.txt', offset: 2 });
    assert.ok(said.length < 52_000);
    assert.match(said, /x\n\[line 2 goes on; 300,012 bytes in all; see it with exec/);
    assert.match(await text('read', { path: 'long.txt', offset: 3 }), /^last\n/);
  });

  test('an image is an image whatever its name; other binary files are described', patience, async () => {
    const png = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.alloc(300_000, 7)]);
    await write('picture.txt', png);
    const { text: said, images } = await call('read', { path: 'picture.txt' });
    assert.equal(said, '[picture.txt: image/png, 300,016 bytes]');
    assert.deepEqual(images, [{ type: 'image', mimeType: 'image/png', data: png.toString('base64') }]);
    await write('program', Buffer.from('7f454c4602010100', 'hex'));
    assert.equal(
      await text('read', { path: 'program' }),
      '[program: 8 bytes of binary data, beginning with 7f 45 4c 46 02 01 01 00]',
    );
  });

  test('what is not there, or no file, is said', patience, async () => {
    await fails(call('read', { path: 'missing.txt' }), 'not_found', /missing\.txt/);
    await fails(call('read', { path: '.' }), 'invalid', /directory/);
  });
}

function writeAndEdit(call: Call, text: Text, bed: () => ToolBed): void {
  const content = async (path: string): Promise<string> => {
    const { bytes } = await bed().sandbox.readFile(path, { offset: 0, maxBytes: 1_000_000 });
    return Buffer.from(bytes).toString();
  };

  test('write makes directories and replaces', patience, async () => {
    assert.equal(await text('write', { path: 'made/here/a.txt', content: 'old' }), '[wrote 3 bytes to made/here/a.txt]');
    await text('write', { path: 'made/here/a.txt', content: 'néw\n' });
    assert.equal(await content('made/here/a.txt'), 'néw\n');
  });

  test('edit replaces the one match, literally', patience, async () => {
    await text('write', { path: 'edit.txt', content: 'one\ntwo $1\nthree\n' });
    assert.equal(
      await text('edit', { path: 'edit.txt', oldText: 'two $1', newText: "$& $' \\2" }),
      '[replaced 1 in edit.txt, at line 2]',
    );
    assert.equal(await content('edit.txt'), "one\n$& $' \\2\nthree\n");
  });

  test('several matches are refused with their lines, unless all are meant', patience, async () => {
    await text('write', { path: 'many.txt', content: 'a\nb\na\nc a\n' });
    await fails(
      call('edit', { path: 'many.txt', oldText: 'a', newText: 'x' }),
      'invalid',
      /3 times in many\.txt, at lines 1, 3, 4\. .*all: true/,
    );
    assert.equal(await content('many.txt'), 'a\nb\na\nc a\n');
    assert.equal(
      await text('edit', { path: 'many.txt', oldText: 'a', newText: 'x', all: true }),
      '[replaced 3 in many.txt, at lines 1, 3, 4]',
    );
    assert.equal(await content('many.txt'), 'x\nb\nx\nc x\n');
  });

  test('no match shows what is near', patience, async () => {
    await text('write', { path: 'near.txt', content: 'first\n  const value = compute(1);\n  return value;\nlast\n' });
    const wrong = { path: 'near.txt', oldText: 'const value = compute(2);\nreturn value;', newText: 'x' };
    await fails(
      call('edit', wrong),
      'not_found',
      /nearest text is at line 2:\n {2}const value = compute\(1\);\n {2}return value;/,
    );
    await fails(call('edit', { ...wrong, oldText: 'nothing like it anywhere' }), 'not_found', /no line of it looks like it/);
  });

  test('line ends and a byte order mark stay as they are', patience, async () => {
    await text('write', { path: 'windows.txt', content: '\ufeffone\r\ntwo\r\nthree\r\n' });
    await text('edit', { path: 'windows.txt', oldText: 'one\ntwo', newText: '1\n2' });
    assert.equal(await content('windows.txt'), '\ufeff1\r\n2\r\nthree\r\n');
  });

  test('what is no text is not touched', patience, async () => {
    await bed().sandbox.writeFile('bytes.bin', Buffer.from([255, 254, 0, 97]));
    await fails(call('edit', { path: 'bytes.bin', oldText: 'a', newText: 'b' }), 'invalid', /not UTF-8/);
    await fails(call('edit', { path: 'nowhere.txt', oldText: 'a', newText: 'b' }), 'not_found', /nowhere\.txt/);
    await fails(call('edit', { path: 'edit.txt', oldText: 'one', newText: 'one' }), 'invalid', /the same/);
  });
}

function listAndSearch(call: Call, text: Text, bed: () => ToolBed): void {
  before(async () => {
    const files = {
      'tree/a.txt': 'alpha\nbeta\n',
      'tree/b.md': '# alpha\n',
      'tree/.hidden': 'alpha hidden\n',
      'tree/sub/c.txt': 'gamma alpha\n',
      'tree/.git/x': 'alpha\n',
    };
    for (const [path, content] of Object.entries(files)) await bed().sandbox.writeFile(path, Buffer.from(content));
    await bed().sandbox.writeFile('tree/program', Buffer.from('\0alpha'));
    await bed().sandbox.exec({
      command: { shell: 'chmod +x tree/program; mkdir -p tree/empty' },
      timeoutMs: 20_000,
      maxOutputBytes: 100,
    });
  }, patience);

  test('list shows a directory, hidden files too', patience, async () => {
    const names = (await text('list', { path: 'tree' })).split('\n').toSorted();
    assert.deepEqual(names, ['.git/', '.hidden', 'a.txt', 'b.md', 'empty/', 'program', 'sub/']);
    assert.equal(await text('list', { path: 'tree/empty' }), '[tree/empty is empty]');
    assert.match(await text('list', {}), /^tree\/$/m);
    const missing = await call('list', { path: 'nowhere' });
    assert.equal(missing.isError, true);
    assert.match(missing.text, /nowhere/);
  });

  test('search gives file, line and text', patience, async () => {
    const found = (await text('search', { pattern: 'al.ha', path: 'tree' })).split('\n').toSorted();
    assert.deepEqual(found, [
      'tree/.hidden:1:alpha hidden',
      'tree/a.txt:1:alpha',
      'tree/b.md:1:# alpha',
      'tree/sub/c.txt:1:gamma alpha',
    ]);
    assert.equal(await text('search', { pattern: 'alpha', path: 'tree', glob: '*.md' }), 'tree/b.md:1:# alpha');
    assert.equal(await text('search', { pattern: '^gamma', path: 'tree' }), 'tree/sub/c.txt:1:gamma alpha');
    assert.equal(await text('search', { pattern: 'omega', path: 'tree' }), '[no matches]');
    assert.match(await text('search', { pattern: 'beta' }), /^tree\/a\.txt:2:beta$/m);
  });

  test('a pattern that is none, or a place that is not there, is an error', patience, async () => {
    assert.equal((await call('search', { pattern: 'a(', path: 'tree' })).isError, true);
    const missing = await call('search', { pattern: 'a', path: 'nowhere' }).catch((error: AppError) => ({
      text: error.message,
      isError: true,
    }));
    assert.match(missing.text, /nowhere/);
    assert.equal(missing.isError, true);
  });

  test('much is cut', patience, async () => {
    await bed().sandbox.writeFile('much.txt', Buffer.from(`needle ${'x'.repeat(5000)}\n`.repeat(300)));
    const found = (await text('search', { pattern: 'needle', path: 'much.txt' })).split('\n');
    assert.equal(found.length, 201);
    assert.ok(found.every((line) => line.length <= 300));
    assert.equal(found.at(-1), '[… many more lines match; search for less]');
  });

  test('names that begin with a dash or hold odd characters are names', patience, async () => {
    await bed().sandbox.writeFile('odd dir/-n\u202e.txt', Buffer.from('odd text\n'));
    assert.equal(await text('list', { path: 'odd dir' }), '-n<U+202E>.txt');
    assert.equal(await text('search', { pattern: '-e', path: 'odd dir' }), '[no matches]');
    assert.match(await text('search', { pattern: 'odd text', path: 'odd dir' }), /:1:odd text$/);
  });
}
