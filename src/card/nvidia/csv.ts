/** Readers of the texts that nvidia-smi prints as CSV. Pure. */

/** More than any query prints; a longer text is no answer. Characters. */
const LONGEST_TEXT = 1024 * 1024;
const LONGEST_LINE = 16 * 1024;

/** Words that stand for "not known", beside anything in square brackets. */
const ABSENT =
  /^(?:n\/?a|-|err!?|not (?:supported|available|found)|unknown(?: error)?|insufficient permissions)$/i;
const DEPRECATED = /^(?:requested functionality has been deprecated|deprecated\b)/i;

/**
 * The value of a cell, or undefined when the driver does not tell it: `[N/A]`, `[Not Supported]`,
 * `[Unknown Error]`, `[GPU requires reset]`, `N/A`, `ERR!`, an empty cell. Zero is a value.
 */
export function known(cell: string | undefined): string | undefined {
  const value = cell?.trim() ?? '';
  if (value === '' || (value.startsWith('[') && value.endsWith(']'))) return undefined;
  return ABSENT.test(value) || DEPRECATED.test(value) ? undefined : value;
}

/** A number with or without its unit (`596 MiB`, `26.20 W`, `0 %`, `43`), or undefined. */
export function numberIn(cell: string | undefined): number | undefined {
  const match = /^(-?\d+(?:\.\d+)?)(?:\s*[A-Za-z%/]+)?$/.exec(known(cell) ?? '');
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

/** A whole number of at most nine digits, as PIDs and indices are. */
export function countIn(cell: string | undefined): number | undefined {
  const value = known(cell);
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

export interface CsvTable {
  rows: readonly ReadonlyMap<string, string>[];
  /** Lines that belong to no table: failures, warnings, garbage. */
  stray: readonly string[];
}

/** `memory.used [MiB]` is the column `memory.used`. */
const columnName = (cell: string): string =>
  (cell.endsWith(']') ? cell.slice(0, Math.max(0, cell.lastIndexOf('['))) : cell).trim();

/** The lines of an answer, none of them absurdly long. */
export const linesOf = (text: string): string[] =>
  text
    .slice(0, LONGEST_TEXT)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => line.slice(0, LONGEST_LINE));

/**
 * Reads a CSV answer by its header, wherever that stands and in whatever order its columns are.
 * nvidia-smi quotes nothing: the one column that may hold `, ` itself is named by `freeText`, and its cells
 * are found by counting from both ends.
 */
export function readCsv(
  text: string,
  {required, freeText}: {required: readonly string[]; freeText?: string},
): CsvTable {
  const rows: Map<string, string>[] = [];
  const stray: string[] = [];
  let columns: readonly string[] | undefined;
  for (const line of linesOf(text)) {
    const cells = line.split(', ').map((cell) => cell.trim());
    const names = cells.map(columnName);
    if (required.every((name) => names.includes(name))) {
      columns = names;
      continue;
    }
    const fitted = columns && fit(cells, columns, freeText);
    if (columns && fitted) rows.push(new Map(columns.map((name, at) => [name, fitted[at] ?? ''])));
    else stray.push(line);
  }
  return {rows, stray};
}

function fit(
  cells: readonly string[],
  columns: readonly string[],
  freeText: string | undefined,
): readonly string[] | undefined {
  const extra = cells.length - columns.length;
  if (extra === 0) return cells;
  const at = freeText === undefined ? -1 : columns.indexOf(freeText);
  if (extra < 0 || at < 0) return undefined;
  return [...cells.slice(0, at), cells.slice(at, at + extra + 1).join(', '), ...cells.slice(at + extra + 1)];
}
