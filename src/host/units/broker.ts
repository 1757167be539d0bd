/** The broker's unit: the only one with the Docker socket. No network, no just-in-time compilation, nothing to write but its socket. */
import { brokerSocket, brokerUnit, brokerUser, currentRelease, sandboxGroup } from '../layout.ts';
import { brokerHardening } from './hardening.ts';
import { renderUnit } from './unit-file.ts';

/** `--jitless` lets the kernel refuse memory that can be written and executed. */
const start = `${currentRelease}/node/bin/node --jitless --disable-warning=ExperimentalWarning ${currentRelease}/dist/openclaw.cjs sandboxd`;

export function brokerUnitText(): string {
  return renderUnit({
    description: 'OpenClaw sandbox broker',
    sections: [
      {
        name: 'Unit',
        directives: [
          ['Documentation', 'https://docs.openclaw.ai'],
          ['After', 'docker.service'],
          // Not Requires: it comes back by itself when Docker does.
          ['Wants', 'docker.service'],
          ['StartLimitIntervalSec', '300'],
          ['StartLimitBurst', '5'],
        ],
      },
      {
        name: 'Service',
        directives: [
          // Its readiness is the socket, to which it gives the mode 0660 itself; words to systemd would cost it NotifyAccess=all.
          ['Type', 'simple'],
          ['User', brokerUser],
          ['Group', sandboxGroup],
          ['SupplementaryGroups', 'docker'],
          ['RuntimeDirectory', brokerUnit],
          ['RuntimeDirectoryMode', '0750'],
          ['Environment', [`OPENCLAW_SANDBOX_SOCKET=${brokerSocket}`, 'NODE_ENV=production']],
          ['ExecStart', start],
          ['Restart', 'on-failure'],
          ['RestartSec', '2'],
          ['TimeoutStartSec', '30'],
          ['TimeoutStopSec', '15'],
          ...brokerHardening,
          ['StandardOutput', 'journal'],
          ['StandardError', 'journal'],
          ['SyslogIdentifier', brokerUnit],
          ['MemoryMax', '256M'],
          ['TasksMax', '64'],
        ],
      },
      { name: 'Install', directives: [['WantedBy', 'multi-user.target']] },
    ],
  });
}
