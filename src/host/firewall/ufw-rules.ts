/**
 * ufw's own rule files, read and written in its own format: each rule is a line `### tuple ###` and the iptables lines that it stands for.
 * Source: the files that ufw 0.36 writes to /etc/ufw/user.rules and user6.rules.
 */

export interface UfwRule {
  /** `allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in`: the identity of the rule. */
  tuple: string;
  lines: readonly string[];
}

export type Family = 4 | 6;

const HEAD = '### tuple ### ';
const START = '### RULES ###';
const END = '### END RULES ###';

const prefix = (family: Family): string => (family === 4 ? 'ufw' : 'ufw6');
const anywhere = (family: Family): string => (family === 4 ? '0.0.0.0/0' : '::/0');

export interface RuleWish {
  direction: 'in' | 'out';
  interface?: string;
  protocol?: 'tcp' | 'udp';
  toPort?: number;
  fromPort?: number;
}

export function renderRule(family: Family, wish: RuleWish): UfwRule {
  const all = anywhere(family);
  const place = wish.interface ? `${wish.direction}_${wish.interface}` : wish.direction;
  const tuple = ['allow', wish.protocol ?? 'any', wish.toPort ?? 'any', all, wish.fromPort ?? 'any', all, place].join(' ');
  const chain = `${prefix(family)}-user-${wish.direction === 'in' ? 'input' : 'output'}`;
  const match = wish.interface ? [wish.direction === 'in' ? '-i' : '-o', wish.interface] : [];
  const ofProtocol = (protocol: string | undefined): string => {
    const ports = [...(wish.toPort ? ['--dport', wish.toPort] : []), ...(wish.fromPort ? ['--sport', wish.fromPort] : [])];
    return ['-A', chain, ...match, ...(protocol ? ['-p', protocol] : []), ...ports, '-j', 'ACCEPT'].join(' ');
  };
  const both = wish.protocol === undefined && (wish.toPort ?? wish.fromPort) !== undefined;
  return { tuple, lines: both ? [ofProtocol('tcp'), ofProtocol('udp')] : [ofProtocol(wish.protocol)] };
}

/** The rules of a file, in its order. */
export function parseRules(text: string): UfwRule[] {
  const rules: { tuple: string; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith(HEAD)) rules.push({ tuple: line.slice(HEAD.length).trim(), lines: [] });
    else if (line === END || line.startsWith('### LOGGING')) break;
    else if (line.startsWith('-A ') && rules.length > 0) rules.at(-1)?.lines.push(line);
  }
  return rules;
}

/** `text` with exactly these rules; what else stands in the file (logging, rate limits) stays. */
export function replaceRules(text: string | undefined, family: Family, rules: readonly UfwRule[]): string {
  const found = text ?? '';
  const base = found.includes(START) ? found : emptyRules(family);
  const before = base.slice(0, base.indexOf(START));
  const rest = base.slice(base.indexOf(START) + START.length);
  const after = rest.includes(END)
    ? rest.slice(rest.indexOf(END) + END.length)
    : `\n${rest
        .split('\n')
        .filter((line) => line !== '')
        .join('\n')}\n`;
  const blocks = rules.map((rule) => `\n${HEAD}${rule.tuple}\n${rule.lines.join('\n')}\n`);
  return `${before}${START}\n${blocks.join('')}\n${END}${after.replace(/\n+$/, '\n')}`;
}

function emptyRules(family: Family): string {
  const p = prefix(family);
  const chains = ['input', 'output', 'forward', 'limit', 'limit-accept'].map((name) => `:${p}-user-${name} - [0:0]`);
  const limits =
    family === 4
      ? [
          '-A ufw-user-limit -m limit --limit 3/minute -j LOG --log-prefix "[UFW LIMIT BLOCK] "',
          '-A ufw-user-limit -j REJECT',
          '-A ufw-user-limit-accept -j ACCEPT',
        ]
      : [];
  return ['*filter', ...chains, START, ...limits, 'COMMIT', ''].join('\n');
}

/** Lets something in from anywhere, and not only over an interface that is private by its nature. */
export function opensToTheWorld({ tuple }: UfwRule): boolean {
  const words = tuple.split(' ').filter((word) => !word.startsWith('comment='));
  const [action = '', , , , , source = ''] = words;
  const place = words.findLast((word) => /^(?:in|out)(?:_|$)/.test(word)) ?? 'in';
  if (!/^(?:route:)?(?:allow|limit)/.test(action) || place.startsWith('out')) return false;
  if (/^in_(?:lo|tailscale\d+|wg\d+|docker0|br-.*)/.test(place)) return false;
  return source === '0.0.0.0/0' || source === '::/0';
}
