/** A tool's definition with the type of its input checked against its schema, and then forgotten: the list holds tools of any input. */
import type { Tool } from '../domain/tool.ts';

export function defineTool<Input>(tool: Tool<Input>): Tool {
  return tool as Tool;
}
