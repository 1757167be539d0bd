/** A tool as a model is told of it: name, description and the JSON Schema of its input, as small as it can be said. */
import * as z from 'zod/mini';
import type { ToolDescription } from './model.ts';
import type { Tool } from './tool.ts';

const made = new WeakMap<Tool, ToolDescription>();

/** Made at the first call, then always the same object. */
export function describeTool(tool: Tool): ToolDescription {
  const known = made.get(tool);
  if (known) return known;
  const schema = z.toJSONSchema(tool.input, { io: 'input' });
  delete schema['$schema'];
  const description = { name: tool.name, description: tool.description, inputSchema: schema };
  made.set(tool, description);
  return description;
}
