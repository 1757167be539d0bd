/** What has to be so before anything is changed. Each refusal says what to do; nothing has been touched yet. */
import { statfs } from 'node:fs/promises';
import { AppError } from '../domain/errors.ts';
import type { LayerInput } from './engine/layer.ts';
import { programRoot } from './layout.ts';
import { releaseOf, supportedReleases } from './settings/supported.ts';

/** Two copies of the program, the sandbox image and its layers. */
const NEEDED_BYTES = 1_500_000_000;

/** Throws AppError `denied` for anybody but root. In a tree everybody may write what they may write. */
export function requireRoot(live: boolean, command: string): void {
  if (!live || process.getuid?.() === 0) return;
  throw new AppError('denied', `Only root may change this host.`, { hint: `sudo ${command}` });
}

export async function requireKnownHost({ machine, facts }: LayerInput): Promise<void> {
  if (!releaseOf(facts.distribution)) {
    const known = supportedReleases.map(({ id, version }) => `${id} ${version}`).join(', ');
    throw new AppError(
      'invalid',
      `This is ${facts.distribution.prettyName || 'no distribution that says its name'}; the layers are made for ${known}.`,
      {
        hint: 'Use one of these. In another one the gateway runs too, without the layers: openclaw gateway run',
      },
    );
  }
  if (facts.systemd === undefined && machine.live) {
    throw new AppError('unavailable', 'systemd does not run here.', {
      hint: 'Boot the machine with systemd; in a container or for an image, write into a tree: --root DIR',
    });
  }
}

/** Only where the program is not there yet: a repair must work on a full disk as far as it can. */
export async function requireSpace({ machine }: LayerInput): Promise<void> {
  if (!machine.live || (await machine.state(programRoot))) return;
  const { bavail, bsize } = await statfs('/opt').catch(() => statfs('/'));
  if (bavail * bsize >= NEEDED_BYTES) return;
  throw new AppError(
    'unavailable',
    `The disk is too full: ${Math.round((bavail * bsize) / 1e6)} MB are free, ${NEEDED_BYTES / 1e6} MB are needed.`,
    {
      hint: 'Free some space (df -h), then run the same command again.',
    },
  );
}
