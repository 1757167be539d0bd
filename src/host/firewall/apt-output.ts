/**
 * With an egress allowlist the package manager still has to reach mirrors that speak plain HTTP: for its own user, and nobody else,
 * port 80 is open. A block of ours in ufw's before.rules, since ufw itself has no rules by user.
 */
import type { Resource, Trigger } from '../engine/resource.ts';
import { fileResource, rootOwned } from '../resources/file.ts';
import type { HostSettings } from '../settings/schema.ts';

const BEGIN = '# openclaw: packages over HTTP, for the user _apt only';
const END = '# openclaw: end';
const ANCHOR = '# End required lines';

export function aptOutput(settings: HostSettings, reload: Trigger): Resource[] {
  const wanted = settings.egress.policy === 'allowlist';
  return (['ufw', 'ufw6'] as const).map((prefix) =>
    fileResource({
      path: `/etc/ufw/${prefix === 'ufw' ? 'before' : 'before6'}.rules`,
      content: (text) =>
        withBlock(
          text ?? emptyBefore(prefix),
          wanted ? `-A ${prefix}-before-output -p tcp --dport 80 -m owner --uid-owner _apt -j ACCEPT` : undefined,
        ),
      ...rootOwned(0o640),
      triggers: [reload],
    }),
  );
}

function withBlock(text: string, rule: string | undefined): string {
  const start = text.indexOf(`${BEGIN}\n`);
  const bare = start < 0 ? text : text.slice(0, start) + text.slice(text.indexOf(`${END}\n`, start) + END.length + 1);
  if (rule === undefined) return bare;
  return bare.replace(`${ANCHOR}\n`, `${ANCHOR}\n${BEGIN}\n${rule}\n${END}\n`);
}

function emptyBefore(prefix: string): string {
  const chains = ['input', 'output', 'forward'].map((name) => `:${prefix}-before-${name} - [0:0]`);
  return [
    '*filter',
    ...chains,
    ANCHOR,
    `-A ${prefix}-before-input -i lo -j ACCEPT`,
    `-A ${prefix}-before-output -o lo -j ACCEPT`,
    'COMMIT',
    '',
  ].join('\n');
}
