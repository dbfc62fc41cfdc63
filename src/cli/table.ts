import {displayWidth, padToWidth} from './width.ts';

export interface TableOptions {
  /** One text a column, shown above the rows. */
  head?: readonly string[];
  /** `right` for numbers; left where nothing is said. */
  align?: readonly ('left' | 'right')[];
  /** Put before every line. */
  indent?: string;
}

/** Rows in columns two spaces apart, as lines without trailing spaces. No rows give only the head. */
export function table(rows: readonly (readonly string[])[], options: TableOptions = {}): string {
  const all = options.head ? [options.head, ...rows] : rows;
  const count = Math.max(0, ...all.map((row) => row.length));
  const widths = Array.from({length: count}, (_, column) =>
    Math.max(...all.map((row) => displayWidth(row[column] ?? ''))),
  );
  return all
    .map((row) => row.map((cell, column) => padToWidth(cell, widths[column] ?? 0, options.align?.[column])))
    .map((cells) => `${options.indent ?? ''}${cells.join('  ')}`.trimEnd())
    .join('\n');
}

/** `name  value` lines with the values under one another. */
export const keyValues = (pairs: readonly (readonly [string, string])[], indent = ''): string =>
  table(pairs, {indent});

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of `width` columns, full at `fraction` 1, precise to an eighth of a column. */
export function bar(fraction: number, width = 24): string {
  const bounded = Math.min(1, Math.max(0, Number.isFinite(fraction) ? fraction : 0));
  const eighths = Math.round(bounded * width * 8);
  const full = '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
  return full + '░'.repeat(width - displayWidth(full));
}
