/** Layer 1: the service accounts. Locked, nobody logs in, and no group that is root by another name unless the document asks for it. */
import type { Check } from '../../domain/check.ts';
import type { Layer, LayerInput } from '../engine/layer.ts';
import { finding, holds, hostCheck, unobserved } from '../engine/observations.ts';
import type { Resource } from '../engine/resource.ts';
import { brokerUser, layoutsOf, sandboxGroup, type Layout } from '../layout.ts';
import { connectsTo, readableBy, runAs } from '../probe/as-user.ts';
import { accountResource, groupResource, membershipResource } from '../resources/accounts.ts';
import { directoryResource } from '../resources/file.ts';

const REPAIR = 'openclaw host repair --only accounts';

export const accounts: Layer = {
  id: 'accounts',
  title: 'Service accounts',
  rows: [8],
  async resources({ settings }) {
    const broker = settings.profile === 'hardened' ? brokerAccount() : [];
    const admin =
      settings.adminUser && settings.profile === 'reference' ? [membershipResource(settings.adminUser, 'docker')] : [];
    return [...broker, ...layoutsOf(settings).flatMap(accountOf), ...admin];
  },
  checks: (input) => layoutsOf(input.settings).flatMap((layout) => accountChecks(input, layout)),
};

function brokerAccount(): Resource[] {
  return [
    groupResource(sandboxGroup),
    accountResource({
      name: brokerUser,
      home: '/nonexistent',
      shell: '/usr/sbin/nologin',
      description: 'OpenClaw sandbox broker',
      groups: ['docker'],
    }),
  ];
}

function accountOf(layout: Layout): Resource[] {
  return [
    accountResource({
      name: layout.user,
      home: layout.home,
      shell: layout.shell,
      description: 'OpenClaw gateway',
      groups: layout.profile === 'reference' ? ['docker'] : [sandboxGroup],
    }),
    directoryResource({ path: layout.home, user: layout.user, group: layout.user, mode: 0o700 }),
  ];
}

function accountChecks({ machine }: LayerInput, layout: Layout): Check[] {
  const { user, home } = layout;
  const check = (name: string, title: string, observe: Parameters<typeof hostCheck>[0]['observe']): Check =>
    hostCheck({ id: `accounts.${user}.${name}`, title, rows: [8], observe });
  const checks = [
    check('login', `Nobody can become ${user} with a password`, async () => {
      const attempt = await runAs(machine, { user: 'nobody', mayBecomeOthers: true }, [
        'su',
        '-s',
        '/bin/sh',
        '-c',
        'echo in',
        user,
      ]);
      return attempt.stdout.includes('in') ? finding(`su let nobody become ${user}`, REPAIR) : holds('su refuses it');
    }),
    check('home', `Nobody else reads ${home}`, async () => {
      const readable = await readableBy(machine, { user: 'nobody' }, [home]);
      if (!readable) return unobserved('the attempt could not be made: the program is not installed yet');
      return readable.length ? finding(`another user can list ${home}`, REPAIR) : holds('another user cannot list it');
    }),
    check('sudo', `${user} has no sudo`, async () => {
      // Without --no-new-privs in the way: whether sudo itself says no is the question.
      const asked = await machine.run('sudo', ['-n', '-l', '-U', user], { timeoutMs: 8_000 });
      if (asked.code === 127) return holds('sudo is not installed');
      const may = /may run the following/.test(asked.stdout);
      return may
        ? finding(`sudo allows ${user} to run commands`, `Remove its line from /etc/sudoers and /etc/sudoers.d`)
        : holds('sudo refuses it');
    }),
  ];
  if (layout.profile === 'reference') return checks;
  return [
    ...checks,
    check('docker', `${user} does not reach Docker`, async () => {
      const reaches = await connectsTo(machine, { user }, '/run/docker.sock');
      if (reaches === undefined) return unobserved('the attempt could not be made: the program is not installed yet');
      return reaches
        ? finding('it can connect to /run/docker.sock, which is root on this host', REPAIR)
        : holds('the socket refuses it');
    }),
  ];
}
