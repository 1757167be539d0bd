/**
 * What the rooms know of logging. The one implementation redacts every line.
 * Never pass message texts above `debug`.
 */
export type LogFields = Record<string, unknown>;

export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A log whose lines all carry `fields` too, such as the trace id of one message. */
  child(fields: LogFields): Log;
}

/** For tests and for parts whose owner wants no lines. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
