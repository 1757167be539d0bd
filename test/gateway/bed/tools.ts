/** Tools for tests that are not about tools: each tells when it runs, and does what the test says. */
import * as z from 'zod';
import type { SessionSandbox } from '../../../src/agent/parts.ts';
import { AppError } from '../../../src/domain/errors.ts';
import type { Sandbox } from '../../../src/domain/sandbox.ts';
import type { ProcessTable, Tool, ToolContext, ToolEffect, ToolResult } from '../../../src/domain/tool.ts';

export const noProcesses: ProcessTable = {
  add: (entry) => ({ ...entry, id: 'p1' }),
  get: () => undefined,
  list: () => [],
  remove: () => {},
};

export const noSandbox: SessionSandbox = {
  facts: { workdir: '/workspace', access: 'ro', scratchDir: '/tmp', isolated: true },
  sandbox: () => Promise.reject(new AppError('unavailable', 'There is no sandbox in this test.')),
  processes: noProcesses,
};

export function sandboxOf(sandbox: () => Promise<Sandbox>): SessionSandbox {
  let made: Promise<Sandbox> | undefined;
  return { ...noSandbox, sandbox: () => (made ??= sandbox()) };
}

const anyInput = z.looseObject({});

/** A tool whose work is a function. */
export function toolOf(
  name: string,
  effect: ToolEffect,
  work: (input: Record<string, unknown>, context: ToolContext) => Promise<Partial<ToolResult> | string>,
): Tool {
  const tool: Tool<Record<string, unknown>> = {
    name,
    groups: [],
    description: `The test tool ${name}.`,
    input: anyInput,
    effect: () => effect,
    async run(input, context) {
      const result = await work(input, context);
      return { text: '', isError: false, ...(typeof result === 'string' ? { text: result } : result) };
    },
  };
  return tool as Tool;
}
