/**
 * Histories of daily peaks as they may come about, and the peak of the day after each: made by the same process and not
 * known to the forecast. Nothing in it is cut to what a forecast could know.
 */
import type {DailyPeak} from '../../../../src/capacity/forecast/forecast.ts';

const GIB = 1024 ** 3;

export type Shape = 'steady' | 'weekly' | 'growing' | 'bursts';
export const SHAPES: readonly Shape[] = ['steady', 'weekly', 'growing', 'bursts'];

export interface History {
  shape: Shape;
  peaks: DailyPeak[];
  /** Of the next day. */
  trueBytes: number;
}

export interface Chance {
  /** From 0 to 1. */
  uniform: () => number;
  /** Of the normal distribution, mean 0 and deviation 1: without bounds. */
  normal: () => number;
}

/** Numbers by chance, the same for a seed (mulberry32; Box and Muller). */
export function chanceOf(seed: number): Chance {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {uniform, normal};
}

/**
 * What a day of each shape holds, as a multiple of the first day's level, without the noise:
 * - steady: a model, or a service with a fixed pool.
 * - weekly: two days of seven hold 30 to 95 % of the others.
 * - growing: up to 2 % more each day (81 % in a month).
 * - bursts: a job that holds 10 to 100 % more, every 2 to 7 days, a day early or late by chance; each time it holds as
 *   much but for 2 %. It was there at least once in the days before: what was never seen nobody can forecast.
 * Each day's noise is normal, with a deviation of up to 3 % (steady), 2 % (weekly, bursts), 1.5 % (growing).
 */
export function historyOf(shape: Shape, {uniform, normal}: Chance): History {
  const between = (least: number, most: number): number => least + (most - least) * uniform();
  const days = Math.floor(between(8, 31));
  const level = between(0.2, 20) * GIB;
  const levels = levelsOf(shape, days + 1, between, normal);
  const deviation = between(0, {steady: 0.03, weekly: 0.02, growing: 0.015, bursts: 0.02}[shape]);
  const first = 20_000 + Math.floor(between(0, 7));
  const all = levels.map((of, at) => ({
    day: first + at,
    peakBytes: Math.round(level * of * (1 + deviation * normal())),
  }));
  const [next] = all.splice(-1);
  return {shape, peaks: all, trueBytes: next?.peakBytes ?? 0};
}

function levelsOf(
  shape: Shape,
  days: number,
  between: (least: number, most: number) => number,
  normal: () => number,
): number[] {
  const numbers = Array.from({length: days}, (_, at) => at);
  switch (shape) {
    case 'steady':
      return numbers.map(() => 1);
    case 'weekly': {
      const weekend = between(0.3, 0.95);
      const phase = Math.floor(between(0, 7));
      return numbers.map((at) => ((at + phase) % 7 < 2 ? weekend : 1));
    }
    case 'growing': {
      const rise = 1 + between(0, 0.02);
      return numbers.map((at) => rise ** at);
    }
    case 'bursts': {
      const more = between(0.1, 1);
      const every = Math.floor(between(2, 8));
      const start = Math.floor(between(0, every));
      const levels = numbers.map(() => 1);
      for (let due = start; due < days + 1; due += every) {
        const at = Math.max(0, due + Math.floor(between(0, 3)) - 1);
        if (at < days) levels[at] = 1 + more * (1 + 0.02 * normal());
      }
      return levels;
    }
  }
}
