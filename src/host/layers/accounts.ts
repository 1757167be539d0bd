/** Layer 1: the service accounts. Locked, nobody logs in, and no group that is root by another name unless the document asks for it. */
import type { Layer, LayerInput } from '../engine/layer.ts';
import type { Resource } from '../engine/resource.ts';
import { brokerUser, layoutsOf, sandboxGroup, type Layout } from '../layout.ts';
import { accountResource, groupResource } from '../resources/accounts.ts';
import { directoryResource } from '../resources/file.ts';

export const accounts: Layer = {
  id: 'accounts',
  title: 'Service accounts',
  rows: [8],
  async resources({ settings }) {
    const layouts = layoutsOf(settings);
    const broker = settings.profile === 'hardened' ? brokerAccount() : [];
    return [...broker, ...layouts.flatMap(accountOf)];
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

function accountChecks(_input: LayerInput, _layout: Layout): [] {
  return [];
}
