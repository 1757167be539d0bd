/** What a series of measurements comes to. */

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

export interface Figure {
  /** What was measured, e.g. `first poll`. */
  name: string;
  floor: number;
  ours: number;
  unit: string;
  /** The ratio that must not be passed; with `atLeast` it must be reached. */
  limit: number;
  atLeast?: boolean;
}

export function ratioOf(figure: Figure): number {
  return figure.ours / figure.floor;
}

export function holds(figure: Figure): boolean {
  return figure.atLeast ? ratioOf(figure) >= figure.limit : ratioOf(figure) <= figure.limit;
}

export function render(figures: readonly Figure[]): string {
  const head = ['FIGURE', 'FLOOR', 'OURS', 'UNIT', 'RATIO', 'LIMIT', ''];
  const rows = figures.map((figure) => [
    figure.name,
    show(figure.floor),
    show(figure.ours),
    figure.unit,
    ratioOf(figure).toFixed(2),
    `${figure.atLeast ? '>=' : '<='} ${figure.limit}`,
    holds(figure) ? 'ok' : 'MISSED',
  ]);
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function show(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
