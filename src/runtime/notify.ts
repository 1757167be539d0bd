/**
 * Tells systemd that this service is ready, alive or stopping: sd_notify(3).
 * Node has no datagram sockets of the unix family, so systemd's own `systemd-notify` carries the words;
 * the unit therefore says NotifyAccess=all. Silent where there is no systemd. Must not throw.
 */
import { execFile } from 'node:child_process';

export interface ServiceNotifier {
  ready(status: string): void;
  status(text: string): void;
  stopping(): void;
  /** Feeds the watchdog as long as `alive` says yes; does nothing when the unit has no watchdog. */
  watch(alive: () => boolean): void;
  close(): void;
}

export interface NotifyEnvironment {
  NOTIFY_SOCKET?: string | undefined;
  WATCHDOG_USEC?: string | undefined;
  PATH?: string | undefined;
}

const silent: ServiceNotifier = { ready: () => {}, status: () => {}, stopping: () => {}, watch: () => {}, close: () => {} };

export function createNotifier(env: NotifyEnvironment, run: typeof execFile = execFile): ServiceNotifier {
  if (!env.NOTIFY_SOCKET) return silent;
  let timer: NodeJS.Timeout | undefined;
  const tell = (...words: string[]): void => {
    const child = run(
      'systemd-notify',
      words,
      { env: { NOTIFY_SOCKET: env.NOTIFY_SOCKET, PATH: env.PATH }, timeout: 5_000 },
      () => {},
    );
    child.unref();
  };
  return {
    ready: (text) => tell('--ready', `--status=${oneLine(text)}`),
    status: (text) => tell(`--status=${oneLine(text)}`),
    stopping: () => tell('STOPPING=1'),
    watch(alive) {
      const limitMs = Number(env.WATCHDOG_USEC ?? 0) / 1_000;
      if (!(limitMs > 0)) return;
      timer = setInterval(() => {
        if (alive()) tell('WATCHDOG=1');
      }, limitMs / 3).unref();
    },
    close: () => clearInterval(timer),
  };
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').slice(0, 200);
}
