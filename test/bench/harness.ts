/** One measured number, with what it must keep to and how it was measured. */
export interface Figure {
  name: string;
  value: number;
  /** `ms`, `us`, `MB`, `tokens/s`, `ratio`. */
  unit: string;
  /** Undefined for a number that is only reported. */
  goal?: {atMost?: number; atLeast?: number};
  /** Load, length and comparison: enough to measure it again. */
  conditions: string;
}

/** A group of figures measured in one run. Every `*.bench.ts` in this folder exports one as its default. */
export interface Bench {
  name: string;
  run(signal: AbortSignal): Promise<Figure[]>;
}

/** Whether a figure keeps its goal; undefined when it has none. NaN keeps none. */
export function meets(figure: Figure): boolean | undefined {
  const {goal, value} = figure;
  if (!goal) return undefined;
  const {atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY} = goal;
  return value <= atMost && value >= atLeast;
}

/** The value at rank `ratio` (0 to 1) of unsorted samples; NaN of none. */
export function quantile(samples: readonly number[], ratio: number): number {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(ratio * sorted.length))] ?? Number.NaN;
}

export function formatGoal({goal, unit}: Figure): string {
  const parts = [
    ...(goal?.atMost === undefined ? [] : [`≤ ${goal.atMost} ${unit}`]),
    ...(goal?.atLeast === undefined ? [] : [`≥ ${goal.atLeast} ${unit}`]),
  ];
  return parts.join(', ') || '-';
}

export function formatValue({value, unit}: Figure): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}
