/** Which tools an agent may call: pure decisions over names. Deny always wins; what is not known is denied. */

export interface ToolPolicy {
  profile?: 'minimal' | 'coding' | 'messaging' | 'full';
  allow?: readonly string[];
  alsoAllow?: readonly string[];
  deny?: readonly string[];
}
