/** A bare Debian host in memory, and a small release in a temporary folder. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerInput } from '../../../src/host/engine/layer.ts';
import type { Machine } from '../../../src/host/engine/machine.ts';
import { described, manifestName, renderManifest } from '../../../src/host/program/release.ts';
import { readHostFacts } from '../../../src/host/settings/facts.ts';
import { hostSchema } from '../../../src/host/settings/schema.ts';
import { createFakeMachine, type FakeMachine } from './machine.ts';

const installed = ['systemd', 'docker.io', 'docker-cli', 'iptables', 'cron'];

export function bareDebian(more: Record<string, string> = {}): FakeMachine {
  return createFakeMachine({
    '/etc/os-release': 'ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n',
    '/etc/group': 'root:x:0:\ndocker:x:110:\n',
    '/etc/shadow': 'root:*:1::::::\n',
    '/etc/resolv.conf': 'nameserver 10.0.0.53\n',
    '/etc/default/ufw':
      '# the package’s own words\nIPV6=yes\nDEFAULT_INPUT_POLICY="ACCEPT"\nDEFAULT_OUTPUT_POLICY="ACCEPT"\nDEFAULT_FORWARD_POLICY="DROP"\n',
    '/etc/ufw/ufw.conf': 'ENABLED=no\nLOGLEVEL=low\n',
    '/etc/ufw/user.rules': '*filter\n:ufw-user-input - [0:0]\n### RULES ###\n-A ufw-user-limit -j REJECT\nCOMMIT\n',
    '/var/lib/dpkg/status': `${installed.map((name) => `Package: ${name}\nStatus: install ok installed\nVersion: 257.1`).join('\n\n')}\n\n`,
    '/run/systemd/system/.keep': '',
    ...more,
  });
}

/** Made once for a test file. */
export function smallRelease(): string {
  const root = mkdtempSync(join(tmpdir(), 'openclaw-test-release-'));
  const files: Record<string, string> = {
    'bin/openclaw': '#!/bin/sh\n',
    'dist/openclaw.cjs': '// program\n',
    'dist/chunks/a.cjs': '// chunk\n',
    'node/bin/node': 'node\n',
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text, { mode: path.includes('bin/') ? 0o755 : 0o644 });
  }
  writeFileSync(
    join(root, manifestName),
    renderManifest(
      Object.keys(files)
        .toSorted()
        .map((path) => described(root, path, path)),
    ),
  );
  return root;
}

export async function inputFor(machine: Machine, release: string, settings: object = {}): Promise<LayerInput> {
  return {
    machine,
    settings: hostSchema.parse(settings),
    facts: await readHostFacts(machine),
    program: { root: release, version: '1.0.0' },
  };
}
