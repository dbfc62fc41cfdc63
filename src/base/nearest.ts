/** The candidates that somebody who typed `typed` may have meant, the nearest first, at most three. */
export function nearest(typed: string, candidates: readonly string[]): string[] {
  const lower = typed.toLowerCase();
  return candidates
    .map((candidate) => ({candidate, edits: distance(lower, candidate.toLowerCase())}))
    .filter(
      ({candidate, edits}) => edits <= Math.max(1, Math.floor(Math.max(lower.length, candidate.length) / 3)),
    )
    .sort((a, b) => a.edits - b.edits)
    .slice(0, 3)
    .map(({candidate}) => candidate);
}

/** Insertions, deletions, replacements and swaps of neighbours that make one text of the other. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({length: b.length + 1}, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Infinity;
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced, swapped));
    }
  }
  return at(a.length, b.length);
}
