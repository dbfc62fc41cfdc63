/** The middle of the values; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [
    sorted[sorted.length % 2 === 0 ? middle - 1 : middle],
    sorted[middle],
  ];
  return (low + high) / 2;
}

/** Spread of values as a standard deviation, from the median of their distances: outliers hardly move it. */
export const robustSpread = (values: readonly number[]): number => {
  const middle = median(values);
  return 1.4826 * median(values.map((value) => Math.abs(value - middle)));
};

/** To six digits: what is stored is no more exact than that. */
export const stored = (value: number): number => Number(value.toPrecision(6));

/** To four digits: what is shown is no more exact than that. */
export const rounded = (value: number): number => Number(value.toPrecision(4));
