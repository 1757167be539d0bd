/**
 * Renders systemd unit files. The one place where a value becomes text of a unit: no value can add a line or a directive,
 * and `%` is never a specifier unless it is written as one here.
 */
import { AppError } from '../../domain/errors.ts';

/** Directive and value; a list repeats the directive. `undefined` leaves it out. */
export type Directives = readonly (readonly [name: string, value: string | readonly string[] | undefined])[];

export interface UnitFile {
  description: string;
  sections: readonly { name: 'Unit' | 'Service' | 'Install' | 'Path' | 'Timer'; directives: Directives }[];
}

export function renderUnit(unit: UnitFile): string {
  const blocks = unit.sections.map(({ name, directives }) =>
    [`[${name}]`, ...(name === 'Unit' ? [line('Description', unit.description)] : []), ...directives.flatMap(lines)].join('\n'),
  );
  return `${blocks.join('\n\n')}\n`;
}

function lines([name, value]: Directives[number]): string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [line(name, value)] : value.map((one) => line(name, one));
}

function line(name: string, value: string): string {
  if (!/^[A-Za-z]+$/.test(name)) throw new AppError('invalid', `"${name}" is no systemd directive.`);
  return `${name}=${literal(value)}`;
}

/** The value as it stands: control characters are refused, `%` is doubled, a backslash at the end would swallow the next line. */
export function literal(value: string): string {
  // oxlint-disable-next-line no-control-regex -- exactly these are what must not get in
  if (/[\u0000-\u001f\u007f]/.test(value)) {
    throw new AppError(
      'invalid',
      `A value with a line break or a control character cannot stand in a systemd unit: ${JSON.stringify(value)}.`,
      {
        hint: 'Remove it from host.json5.',
      },
    );
  }
  if (value.endsWith('\\'))
    throw new AppError('invalid', `A value that ends in a backslash cannot stand in a systemd unit: ${value}`);
  return value.replaceAll('%', '%%');
}

/** Directives and values of a unit file, as systemd reads them: for tests and for drift. An empty value empties a list. */
export function parseUnit(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let section = '';
  for (const raw of text.split('\n')) {
    const one = raw.trim();
    if (one === '' || one.startsWith('#') || one.startsWith(';')) continue;
    const header = /^\[(.+)\]$/.exec(one);
    if (header) {
      section = header[1] ?? '';
      continue;
    }
    const at = one.indexOf('=');
    const key = `${section}.${one.slice(0, at).trim()}`;
    found.set(key, [...(found.get(key) ?? []), one.slice(at + 1).trim()]);
  }
  return found;
}
