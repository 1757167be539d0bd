/**
 * The tools of one agent: which ones its policy lets it call, and how they are described to a model.
 * What the policy does not allow is neither described nor, should a model name it all the same, called.
 */
import type { ToolDescription } from '../domain/model.ts';
import { allowedTools } from '../domain/policy.ts';
import type { ToolPolicy } from '../domain/policy.ts';
import type { Tool } from '../domain/tool.ts';
import { describeTool } from '../domain/tool-description.ts';
import { tokensOf } from './tokens.ts';

export interface Toolset {
  descriptions: ToolDescription[];
  /** What the descriptions take of a request. */
  tokens: number;
  /** Asked again at each call. */
  find(name: string): Tool | undefined;
}

const made = new WeakMap<readonly ToolPolicy[], Toolset>();

/** The same object for the same policy, so that describing the tools is done once and not per turn. */
export function toolsetOf(tools: readonly Tool[], policy: readonly ToolPolicy[]): Toolset {
  const known = made.get(policy);
  if (known) return known;
  const allowed = new Map(allowedTools(tools, policy).map((tool) => [tool.name, tool]));
  const descriptions = [...allowed.values()].map(describeTool);
  const tokens = tokensOf(JSON.stringify(descriptions));
  const toolset: Toolset = { descriptions, tokens, find: (name) => allowed.get(name) };
  made.set(policy, toolset);
  return toolset;
}
