/** The rules that the kernel really has, of both families, against the ones that ufw's files stand for. What differs is loaded anew. */
import type { Machine } from '../engine/machine.ts';
import type { Resource } from '../engine/resource.ts';
import { mustRun } from '../resources/must-run.ts';
import type { HostSettings } from '../settings/schema.ts';
import { ourRules, wantedRules } from './policy.ts';
import { renderRule, type Family, type UfwRule } from './ufw-rules.ts';

export interface LiveWish {
  settings: HostSettings;
  found: Record<Family, readonly UfwRule[]>;
  path: (family: Family) => string;
}

export function liveFirewall(wish: LiveWish): Resource {
  return {
    id: 'firewall:ufw',
    after: ['ufw reload'],
    async inspect(machine) {
      if (!machine.live) return undefined;
      const lacking = [...(await lackingOf(machine, wish, 4)), ...(await lackingOf(machine, wish, 6))];
      if (lacking.length === 0) return undefined;
      return {
        summary: 'load the firewall’s rules',
        diff: lacking.map((line) => `+ ${line}`),
        undo: { kind: 'commands', commands: [] },
        triggers: [],
        async apply() {
          for (const [program, rule] of await strangersInFront(machine))
            await mustRun(machine, program, ['-D', ...wordsOf(rule)]);
          await mustRun(machine, 'ufw', ['--force', 'enable']);
          await mustRun(machine, 'ufw', ['reload']);
        },
      };
    },
  };
}

/** Lines that the kernel should have and has not, or the other way round. */
async function lackingOf(machine: Machine, { settings, found }: LiveWish, family: Family): Promise<string[]> {
  const program = family === 4 ? 'iptables' : 'ip6tables';
  const p = family === 4 ? 'ufw' : 'ufw6';
  const listed = (await machine.run(program, ['-S'])).stdout.split('\n');
  const outgoing = settings.egress.policy === 'allowlist' ? 'DROP' : 'ACCEPT';
  const frame = [
    '-P INPUT DROP',
    '-P FORWARD DROP',
    `-P OUTPUT ${outgoing}`,
    `-A INPUT -j ${p}-before-input`,
    `-A OUTPUT -j ${p}-before-output`,
    `-A ${p}-before-input -j ${p}-user-input`,
    `-A ${p}-before-output -j ${p}-user-output`,
  ];
  const wanted = wantedRules(family, settings, found[family]).flatMap((rule) => rule.lines);
  const actual = listed.filter((line) => line.startsWith(`-A ${p}-user-input`) || line.startsWith(`-A ${p}-user-output`));
  const plain = new Set(listed.map((line) => line.replace(/ -m (?:tcp|udp)(?= --)/, '')));
  const ours = ourRules(settings).flatMap((rule) => renderRule(family, rule).lines);
  const missing = [...frame, ...ours].filter((line) => !plain.has(line));
  if (actual.length !== wanted.length) missing.push(`${program}: ${wanted.length} rules instead of ${actual.length}`);
  return [...missing, ...acceptedEarly(listed)];
}

/** Program, and the rule without its `-A`. ufw leaves alone what others put into the kernel's own chains. */
async function strangersInFront(machine: Machine): Promise<[program: string, rule: string][]> {
  const perFamily = await Promise.all(
    ['iptables', 'ip6tables'].map(async (program) => {
      const listed = (await machine.run(program, ['-S'])).stdout.split('\n');
      return acceptedEarly(listed).map((line): [string, string] => [program, line.replace(/^- -A /, '')]);
    }),
  );
  return perFamily.flat();
}

/** iptables puts a value with blanks in quotes. */
function wordsOf(rule: string): string[] {
  return (rule.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^"|"$/g, ''));
}

/** A rule in front of ufw's own chains that lets packets in passes everything that follows. */
function acceptedEarly(listed: readonly string[]): string[] {
  const input = listed.filter((line) => line.startsWith('-A INPUT '));
  const early = input.slice(
    0,
    Math.max(
      0,
      input.findIndex((line) => /-j ufw6?-/.test(line)),
    ),
  );
  return early.filter((line) => / -j ACCEPT\b/.test(line) && !/ -i (?:lo|tailscale0)\b/.test(line)).map((line) => `- ${line}`);
}
