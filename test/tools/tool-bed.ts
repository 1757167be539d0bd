/** A sandbox with the tools in it, as a turn sees them. */
import assert from 'node:assert/strict';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox, SandboxBackend, SandboxSpec } from '../../src/domain/sandbox.ts';
import type { Tool, ToolContext, ToolResult } from '../../src/domain/tool.ts';
import { createProcessTable } from '../../src/sandbox/process-table.ts';
import { tools } from '../../src/tools/index.ts';

export interface ToolBed {
  sandbox: Sandbox;
  workspace: string;
  context: ToolContext;
  /** As the turn calls a tool: input checked first. Throws what the tool throws. */
  call(name: string, input: unknown, more?: Partial<ToolContext>): Promise<ToolResult>;
  close(): Promise<void>;
}

export async function makeSpec(): Promise<SandboxSpec> {
  const megabyte = 1_048_576;
  return {
    agentId: 'main',
    image: 'openclaw-sandbox:bookworm-slim',
    workspace: await realpath(await mkdtemp(join(tmpdir(), 'openclaw-tools-'))),
    access: 'rw',
    workdir: '/workspace',
    readOnlyRoot: true,
    network: 'none',
    limits: { memoryBytes: 512 * megabyte, cpus: 1, processes: 256, openFiles: 1024, scratchBytes: 64 * megabyte },
  };
}

export async function makeToolBed(backend: SandboxBackend, more: Partial<SandboxSpec> = {}): Promise<ToolBed> {
  const spec = { ...(await makeSpec()), ...more };
  const sandbox = await backend.acquire('agent:main:tools', spec);
  const context: ToolContext = {
    sandbox: async () => sandbox,
    processes: createProcessTable(),
    callId: 'call_1',
    signal: new AbortController().signal,
    maxOutputChars: 20_000,
    timeoutMs: 60_000,
    backgroundMs: 30_000,
  };
  return {
    sandbox,
    workspace: spec.workspace,
    context,
    async call(name, input, moreContext = {}) {
      const tool = toolNamed(name);
      const parsed = tool.input.safeParse(input);
      assert.ok(parsed.success, JSON.stringify(parsed.error?.issues));
      return tool.run(parsed.data, { ...context, ...moreContext });
    },
    async close() {
      await backend.close();
      await rm(spec.workspace, { recursive: true, force: true });
    },
  };
}

export function toolNamed(name: string): Tool {
  const tool = tools.find((one) => one.name === name);
  assert.ok(tool, `there is no tool ${name}`);
  return tool;
}
