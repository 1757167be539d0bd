/** Timers as an injected edge, so that tests of retries and time-outs need no real time. */

export interface RunningTimer {
  /** Starts its time anew. */
  refresh(): void;
  cancel(): void;
}

export interface Timers {
  /** Does `run` once after `ms`, unless cancelled. */
  start(ms: number, run: () => void): RunningTimer;
}

export const systemTimers: Timers = {
  start(ms, run) {
    const timer = setTimeout(run, ms);
    return {
      refresh: () => void timer.refresh(),
      cancel: () => clearTimeout(timer),
    };
  },
};

/** Rejects with the signal's reason as soon as it is aborted. */
export function sleep(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const abort = (): void => {
      timer.cancel();
      reject(signal.reason as Error);
    };
    const timer = timers.start(ms, () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    signal.addEventListener('abort', abort, { once: true });
  });
}
