/** The gateway's unit. `reference` is the document's, directive for directive; `hardened` keeps its promises with everything that Node bears. */
import { commandPath, firewallUnit, brokerUnit, type Layout } from '../layout.ts';
import { documentHardening, gatewayHardening, resourceLimits } from './hardening.ts';
import { publicRanges } from './public-ranges.ts';
import { renderUnit, type Directives } from './unit-file.ts';

export interface GatewayUnit {
  layout: Layout;
  /** Private addresses that it may reach: name servers, and what a person allows. */
  privateAddresses: readonly string[];
}

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const DESCRIPTION = 'OpenClaw AI Agent Gateway';

const restart: Directives = [
  ['Restart', 'on-failure'],
  ['RestartSec', '10'],
];
const output: Directives = [
  ['StandardOutput', 'journal'],
  ['StandardError', 'journal'],
];

export function gatewayUnit(wish: GatewayUnit): string {
  const install = { name: 'Install' as const, directives: installOf(wish.layout) };
  const sections = wish.layout.profile === 'reference' ? referenceSections(wish.layout) : hardenedSections(wish);
  return renderUnit({ description: DESCRIPTION, sections: [...sections, install] });
}

/** Under `reference` it requires Docker, so a stop of Docker stops it: a start of Docker has to start it again. */
function installOf({ profile }: Layout): Directives {
  return [['WantedBy', profile === 'reference' ? 'multi-user.target docker.service' : 'multi-user.target']];
}

const limits: Directives = [
  ['StartLimitIntervalSec', '300'],
  ['StartLimitBurst', '5'],
];

function referenceSections({
  user,
  home,
  documentBinary,
  envFile,
  unit,
}: Layout): { name: 'Unit' | 'Service'; directives: Directives }[] {
  const unitPart: Directives = [
    ['Documentation', 'https://docs.openclaw.ai'],
    ['After', 'network-online.target docker.service'],
    ['Wants', 'network-online.target'],
    ['Requires', 'docker.service'],
    ...limits,
  ];
  const service: Directives = [
    ['Type', 'simple'],
    ['User', user],
    ['Group', user],
    ['WorkingDirectory', home],
    [
      'Environment',
      [`HOME=${home}`, `PATH=${home}/.npm-global/bin:${SYSTEM_PATH}`, 'NODE_ENV=production', 'OPENCLAW_DISABLE_BONJOUR=1'],
    ],
    ['EnvironmentFile', `-${envFile}`],
    ['ExecStart', `${documentBinary} gateway run`],
    ['ExecReload', '/bin/kill -HUP $MAINPID'],
    ...restart,
    ['TimeoutStartSec', '30'],
    ['TimeoutStopSec', '30'],
    ...documentHardening.flatMap((one): Directives =>
      one[0] === 'ProtectSystem' ? [one, ['ReadWritePaths', `${home} /tmp`]] : [one],
    ),
    ...output,
    ['SyslogIdentifier', unit],
    ['IPAccounting', 'yes'],
    ...resourceLimits,
  ];
  return [
    { name: 'Unit', directives: unitPart },
    { name: 'Service', directives: service },
  ];
}

function hardenedSections({ layout, privateAddresses }: GatewayUnit): { name: 'Unit' | 'Service'; directives: Directives }[] {
  const before = `network-online.target docker.service ${firewallUnit}.service ${brokerUnit}.service`;
  const unitPart: Directives = [
    ['Documentation', 'https://docs.openclaw.ai'],
    ['After', before],
    // Not Requires: a stop of Docker must not take the gateway down for good. Nor may it run before the firewall.
    ['Wants', `network-online.target ${firewallUnit}.service ${brokerUnit}.service`],
    ...limits,
  ];
  const environment = [
    `HOME=${layout.stateDir}`,
    `PATH=${SYSTEM_PATH}`,
    'NODE_ENV=production',
    'OPENCLAW_DISABLE_BONJOUR=1',
    `OPENCLAW_STATE_DIR=${layout.stateDir}`,
    `OPENCLAW_CONFIG_PATH=${layout.configFile}`,
  ];
  const service: Directives = [
    ['Type', 'notify'],
    ['NotifyAccess', 'all'],
    ['WatchdogSec', '60'],
    ['User', layout.user],
    ['Group', layout.user],
    ['WorkingDirectory', layout.stateDir],
    ['Environment', environment],
    ['EnvironmentFile', `-${layout.envFile}`],
    ['ExecStart', `${commandPath} gateway run`],
    ['ExecReload', '/bin/kill -HUP $MAINPID'],
    ...restart,
    ['TimeoutStartSec', '90'],
    ['TimeoutStopSec', '30'],
    ...gatewayHardening,
    ['ReadWritePaths', [layout.stateDir, layout.workspace]],
    ['ReadOnlyPaths', [layout.configDir]],
    ['InaccessiblePaths', ['-/run/docker.sock', '-/run/containerd']],
    // Private addresses and the cloud's metadata are out of reach, whatever a model or a page makes it fetch.
    ['IPAddressDeny', 'any'],
    ['IPAddressAllow', [publicRanges().join(' '), ...privateAddresses]],
    ...output,
    ['SyslogIdentifier', layout.unit],
    ['IPAccounting', 'yes'],
    ...resourceLimits,
  ];
  return [
    { name: 'Unit', directives: unitPart },
    { name: 'Service', directives: service },
  ];
}
