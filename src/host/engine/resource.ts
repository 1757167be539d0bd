/**
 * A resource is one desired thing on the machine. It looks first and changes only what differs,
 * so plan, apply, verify, repair and rollback are one and the same knowledge.
 */
import type { Machine, Ownership } from './machine.ts';

/** How a change is undone; data, because it is written down before the change is made. */
export type Undo =
  | { kind: 'file'; path: string; before: FileBefore | undefined }
  /** Only owner and mode changed: the content, which may be a secret, is not written down. */
  | { kind: 'ownership'; path: string; before: Ownership }
  | { kind: 'link'; path: string; target: string | undefined }
  /** Removed again only when it is empty. */
  | { kind: 'directory'; path: string; before: Ownership | undefined }
  /** A folder that holds nothing but what the change put there. */
  | { kind: 'tree'; path: string }
  /** In this order. */
  | { kind: 'several'; undos: readonly Undo[] }
  /** Run in this order; a failing one is reported and does not stop the rest. */
  | { kind: 'commands'; commands: readonly (readonly string[])[] }
  | { kind: 'nothing'; why: string };

export interface FileBefore extends Ownership {
  base64: string;
}

/** What must run once after the changes of a layer, such as `systemctl daemon-reload`. Named, so that a rerun after a kill still does it. */
export interface Trigger {
  name: string;
  /** Program and arguments, each; in this order. All must work but those that begin with `-`, as in a systemd unit. */
  commands: readonly (readonly string[])[];
  /** What runs instead after a rollback; the same commands where it says nothing. */
  back?: readonly (readonly string[])[];
}

export interface Change {
  /** One line, e.g. `write /etc/docker/daemon.json (0644 root:root)`. No secrets. */
  summary: string;
  /** Lines with `+ `, `- ` or two spaces in front. No secrets. */
  diff: string[];
  undo: Undo;
  triggers: readonly Trigger[];
  /** Rejects with AppError. Safe to repeat. */
  apply(): Promise<void>;
}

export interface Resource {
  /** Stable and unique over all layers, e.g. `file:/etc/docker/daemon.json`. */
  id: string;
  /** Names of triggers of the same layer that must have run before this one is looked at: a daemon-reload before a start. */
  after?: readonly string[];
  /** The change that is needed, or undefined when it is as desired. */
  inspect(machine: Machine): Promise<Change | undefined>;
}
