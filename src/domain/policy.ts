/**
 * Which tools an agent may call: pure decisions over names. Each layer can only narrow what the layers before it left,
 * deny always wins, and what is not known is not allowed.
 * Group and profile names are those of the public program; a name may stand for a tool that does not exist here.
 */
import { AppError } from './errors.ts';

export interface ToolPolicy {
  profile?: ToolProfile;
  /** Tool names, `group:NAME`, `*` as a wildcard. An empty list allows nothing. */
  allow?: readonly string[];
  /** Added to what `profile` allows. Not together with `allow`. */
  alsoAllow?: readonly string[];
  deny?: readonly string[];
  /** Where it stands in the configuration, e.g. `tools` or `agents.list.main.tools.sandbox.tools`; for `sandbox explain`. */
  source?: string;
}

export type ToolProfile = 'minimal' | 'coding' | 'messaging' | 'full';

/** What the policy knows of a tool. */
export interface PolicySubject {
  name: string;
  /** Groups that it belongs to beyond the public lists, without `group:`. */
  groups: readonly string[];
}

export interface ToolDenial {
  name: string;
  /** Index of the first layer that said no. */
  layer: number;
  /** The layer's `source`, or `layer N`. */
  source: string;
  /** The rule that said no: `deny group:fs`, `not in allow`, `not in profile minimal`. */
  rule: string;
}

export interface ToolDecision {
  allowed: string[];
  denied: ToolDenial[];
  /** Entries that match nothing and were perhaps meant to. */
  warnings: { source: string; entry: string; message: string }[];
}

const SESSION_TOOLS = ['sessions_list', 'sessions_history', 'sessions_send', 'sessions_spawn', 'session_status'];
const MEMORY_TOOLS = ['memory_search', 'memory_get'];
const WEB_TOOLS = ['web_search', 'web_fetch'];

/** The public groups. A tool may add itself to one by its `groups`. */
export const toolGroups: Readonly<Record<string, readonly string[]>> = {
  fs: ['read', 'write', 'edit', 'apply_patch'],
  runtime: ['exec', 'process'],
  sessions: SESSION_TOOLS,
  memory: MEMORY_TOOLS,
  web: WEB_TOOLS,
  ui: ['browser', 'canvas'],
  automation: ['cron', 'gateway'],
  messaging: ['message'],
  nodes: ['nodes'],
  openclaw: [
    'browser',
    'canvas',
    'nodes',
    'cron',
    'message',
    'gateway',
    'agents_list',
    'image',
    ...SESSION_TOOLS,
    ...WEB_TOOLS,
    ...MEMORY_TOOLS,
  ],
};

/** `full` is missing because it names no list: it sets no limit. */
const PROFILES: Readonly<Record<Exclude<ToolProfile, 'full'>, readonly string[]>> = {
  minimal: ['session_status'],
  coding: ['group:fs', 'group:runtime', 'group:sessions', 'group:memory', 'image'],
  messaging: ['group:messaging', 'sessions_list', 'sessions_history', 'sessions_send', 'session_status'],
};

const ALIASES: Readonly<Record<string, string>> = { bash: 'exec', 'apply-patch': 'apply_patch' };

/** A tool's name as the policy compares it: lower case, aliases resolved. */
function canonicalToolName(name: string): string {
  const lower = name.trim().toLowerCase();
  return Object.hasOwn(ALIASES, lower) ? (ALIASES[lower] ?? lower) : lower;
}

/**
 * Every tool through every layer, in their order. Throws AppError `invalid` for a layer with both `allow` and `alsoAllow`.
 */
export function decideTools(tools: readonly PolicySubject[], layers: readonly ToolPolicy[]): ToolDecision {
  const decision: ToolDecision = {
    allowed: [],
    denied: [],
    warnings: layers.flatMap((layer, index) => warningsOf(layer, index, tools)),
  };
  for (const tool of tools) {
    const denial = firstDenial(tool, layers);
    if (denial) decision.denied.push(denial);
    else decision.allowed.push(tool.name);
  }
  return decision;
}

/** Those of `tools` that every layer allows, in their order. Throws as `decideTools` does. */
export function allowedTools<T extends PolicySubject>(tools: readonly T[], layers: readonly ToolPolicy[]): T[] {
  return tools.filter((tool) => firstDenial(tool, layers) === undefined);
}

function firstDenial(tool: PolicySubject, layers: readonly ToolPolicy[]): ToolDenial | undefined {
  for (const [index, layer] of layers.entries()) {
    const rule = denialRule(tool, layer, index);
    if (rule !== undefined) return { name: tool.name, layer: index, source: sourceOf(layer, index), rule };
  }
  return undefined;
}

function denialRule(tool: PolicySubject, layer: ToolPolicy, index: number): string | undefined {
  const { profile, allow, alsoAllow, deny } = layer;
  if (allow && alsoAllow) {
    throw new AppError('invalid', `${sourceOf(layer, index)} has both allow and alsoAllow.`, {
      hint: 'Keep allow to name all that is allowed, or alsoAllow to add to the profile.',
    });
  }
  const denying = deny?.find((entry) => matches(entry, tool));
  if (denying !== undefined) return `deny ${denying}`;
  if (allow && !allow.some((entry) => matches(entry, tool))) return 'not in allow';
  const inProfile = profile === undefined || profile === 'full' || PROFILES[profile].some((entry) => matches(entry, tool));
  if (!inProfile && !alsoAllow?.some((entry) => matches(entry, tool))) return `not in profile ${profile}`;
  return undefined;
}

function matches(entry: string, tool: PolicySubject): boolean {
  const pattern = canonicalToolName(entry);
  const name = canonicalToolName(tool.name);
  const group = groupOf(pattern);
  if (group === undefined) return pattern.includes('*') ? wildcard(pattern).test(name) : pattern === name;
  return namesOf(group).includes(name) || tool.groups.includes(group);
}

function groupOf(pattern: string): string | undefined {
  return pattern.startsWith('group:') ? pattern.slice('group:'.length).trim() : undefined;
}

function namesOf(group: string): readonly string[] {
  return Object.hasOwn(toolGroups, group) ? (toolGroups[group] ?? []) : [];
}

/** Patterns come from the owner's configuration, names from our own list: both short. */
function wildcard(pattern: string): RegExp {
  return new RegExp(`^${pattern.split(/\*+/).map(RegExp.escape).join('.*')}$`);
}

function sourceOf(layer: ToolPolicy, index: number): string {
  return layer.source ?? `layer ${index + 1}`;
}

function warningsOf(layer: ToolPolicy, index: number, tools: readonly PolicySubject[]): ToolDecision['warnings'] {
  const source = sourceOf(layer, index);
  const groups = new Set([...Object.keys(toolGroups), ...tools.flatMap((tool) => tool.groups)]);
  const warn = (entry: string, message: string): ToolDecision['warnings'] => [{ source, entry, message }];
  const unknownGroup = (entry: string): boolean => {
    const group = groupOf(canonicalToolName(entry));
    return group !== undefined && !groups.has(group);
  };
  const allowing = [...(layer.allow ?? []), ...(layer.alsoAllow ?? [])].flatMap((entry) => {
    if (unknownGroup(entry)) return warn(entry, 'There is no such group, so it allows nothing.');
    if (groupOf(canonicalToolName(entry)) !== undefined || tools.some((tool) => matches(entry, tool))) return [];
    return warn(entry, 'No tool has this name, so it allows nothing.');
  });
  // A tool that does not exist may well be denied; a group that does not exist is a slip that leaves something open.
  const denying = (layer.deny ?? [])
    .filter(unknownGroup)
    .flatMap((entry) => warn(entry, 'There is no such group, so it denies nothing.'));
  return [...allowing, ...denying];
}
