/**
 * The hardening of our services, as lists of directives. `reference` is exactly the document's table;
 * `hardened` adds what was measured to work with Node and keeps exposure at or below 1.2 (gateway) and 0.2 (broker).
 */
import type { Directives } from './unit-file.ts';

/** The document's 4.4, in its order. */
export const documentHardening: Directives = [
  ['NoNewPrivileges', 'yes'],
  ['PrivateTmp', 'yes'],
  ['PrivateDevices', 'yes'],
  ['DevicePolicy', 'closed'],
  ['ProtectSystem', 'strict'],
  ['ProtectKernelModules', 'yes'],
  ['ProtectKernelTunables', 'yes'],
  ['ProtectKernelLogs', 'yes'],
  ['ProtectControlGroups', 'yes'],
  ['ProtectClock', 'yes'],
  ['ProtectHostname', 'yes'],
  ['RestrictAddressFamilies', 'AF_INET AF_INET6 AF_UNIX AF_NETLINK'],
  ['RestrictRealtime', 'yes'],
  ['RestrictSUIDSGID', 'yes'],
  ['LockPersonality', 'yes'],
  ['SystemCallArchitectures', 'native'],
];

/** What both of our services add under `hardened`. EPERM instead of a kill: Node's copyFile calls fchown. */
const beyondTheDocument: Directives = [
  ['UMask', '0077'],
  ['CapabilityBoundingSet', ''],
  ['AmbientCapabilities', ''],
  ['PrivateIPC', 'yes'],
  ['PrivateUsers', 'yes'],
  ['PrivateMounts', 'yes'],
  ['RemoveIPC', 'yes'],
  ['KeyringMode', 'private'],
  ['ProtectProc', 'invisible'],
  ['RestrictNamespaces', 'yes'],
  ['SystemCallFilter', ['@system-service', '~@privileged @resources']],
  ['SystemCallErrorNumber', 'EPERM'],
];

function without(directives: Directives, ...names: string[]): Directives {
  return directives.filter(([name]) => !names.includes(name));
}

/** V8 needs writable and executable memory: that is not closed. Nothing of ours asks for the list of network interfaces (netlink). */
export const gatewayHardening: Directives = [
  ...without(documentHardening, 'RestrictAddressFamilies'),
  ['RestrictAddressFamilies', 'AF_INET AF_INET6 AF_UNIX'],
  ...beyondTheDocument,
  ['ProtectHome', 'yes'],
];

/** No network at all, no just-in-time compilation. */
export const brokerHardening: Directives = [
  ...without(documentHardening, 'RestrictAddressFamilies'),
  ...beyondTheDocument,
  ['RestrictAddressFamilies', 'AF_UNIX'],
  ['PrivateNetwork', 'yes'],
  ['IPAddressDeny', 'any'],
  ['ProcSubset', 'pid'],
  ['MemoryDenyWriteExecute', 'yes'],
  ['ProtectHome', 'yes'],
];

/** The document's 4.3. */
export const resourceLimits: Directives = [
  ['MemoryMax', '2G'],
  ['MemoryHigh', '1536M'],
  ['TasksMax', '512'],
  ['LimitNOFILE', '4096'],
];
