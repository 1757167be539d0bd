/** Unit files: the document's one to the letter, the addresses that the gateway may reach, and that no value becomes a directive. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { layoutOf, layoutsOf } from '../../src/host/layout.ts';
import { hostSchema } from '../../src/host/settings/schema.ts';
import { gatewayUnit } from '../../src/host/units/gateway.ts';
import { publicRanges } from '../../src/host/units/public-ranges.ts';
import { parseUnit, renderUnit } from '../../src/host/units/unit-file.ts';

const reference = layoutOf(hostSchema.parse({ profile: 'reference' }));

test('reference: the document’s directives, values and order', () => {
  const text = gatewayUnit({ layout: reference, privateAddresses: [] });
  const keys = text
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => line.split('=')[0]);
  const service = keys.slice(keys.indexOf('Type'), keys.indexOf('WantedBy'));
  assert.deepEqual(
    service.join(' '),
    'Type User Group WorkingDirectory Environment Environment Environment Environment EnvironmentFile ExecStart ExecReload Restart RestartSec TimeoutStartSec TimeoutStopSec NoNewPrivileges PrivateTmp PrivateDevices DevicePolicy ProtectSystem ReadWritePaths ProtectKernelModules ProtectKernelTunables ProtectKernelLogs ProtectControlGroups ProtectClock ProtectHostname RestrictAddressFamilies RestrictRealtime RestrictSUIDSGID LockPersonality SystemCallArchitectures StandardOutput StandardError SyslogIdentifier IPAccounting MemoryMax MemoryHigh TasksMax LimitNOFILE',
  );
  const unit = parseUnit(text);
  assert.deepEqual(unit.get('Service.ExecStart'), ['/home/openclaw-svc/.npm-global/bin/openclaw gateway run']);
  assert.deepEqual(unit.get('Service.ReadWritePaths'), ['/home/openclaw-svc /tmp']);
  assert.deepEqual(unit.get('Unit.StartLimitIntervalSec'), ['300']);
  assert.deepEqual(unit.get('Unit.Requires'), ['docker.service']);
});

test('several instances: names, folders and ports do not meet', () => {
  const layouts = layoutsOf(hostSchema.parse({ instances: 3 }));
  assert.deepEqual(
    layouts.map(({ port }) => port),
    [18789, 18809, 18829],
  );
  for (const key of ['user', 'unit', 'configDir', 'stateDir', 'workspace', 'soulBaseline'] as const) {
    assert.equal(new Set(layouts.map((layout) => layout[key])).size, 3, key);
  }
});

const within = (address: string, prefix: string): boolean => {
  const number = (text: string): number => text.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const [network = '', length = ''] = prefix.split('/');
  const size = 2 ** (32 - Number(length));
  return Math.floor(number(address) / size) === Math.floor(number(network) / size);
};

test('the gateway reaches public addresses and loopback; private ones and the cloud’s metadata are closed', () => {
  const ranges = publicRanges().filter((one) => !one.includes(':'));
  const open = (address: string): boolean => ranges.some((range) => within(address, range));
  for (const address of [
    '1.1.1.1',
    '8.8.8.8',
    '127.0.0.1',
    '149.154.167.220',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '192.169.0.0',
    '223.255.255.255',
    '100.100.100.100',
  ])
    assert.ok(open(address), address);
  for (const address of [
    '0.0.0.0',
    '10.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '224.0.0.251',
    '255.255.255.255',
  ])
    assert.ok(!open(address), address);
});

test('no value adds a line, a directive or a specifier', () => {
  const sections = (value: string) => [
    {
      name: 'Service' as const,
      directives: [
        ['Environment', `X=${value}`],
        ['User', 'a'],
      ] as const,
    },
  ];
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      let text: string;
      try {
        text = renderUnit({ description: 'x', sections: sections(value) });
      } catch {
        return [...value].some((one) => one < ' ' || one === '\u007f') || value.endsWith('\\');
      }
      const parsed = parseUnit(text);
      return parsed.size === 2 && parsed.get('Service.User')?.length === 1 && !/(?<!%)(?:%%)*%(?!%)/.test(text);
    }),
  );
});
