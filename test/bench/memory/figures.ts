/** What the pages of both grids count and say alike. Pure. */
import {mib, type Bytes} from '../../../src/base/units.ts';
import type {MemorySettings} from '../../support/engine-peak.ts';

/** The goals are for a grid of so many settings. */
export const FEWEST_SETTINGS = 24;

export const inMib = (size: number): number => size / mib(1);
export const round = (value: number): number => Math.round(value * 10) / 10;
/** Zero of none. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** Whole MiB, and the same with its sign. */
export const whole = (size: number): string => inMib(size).toFixed(0);
export const signed = (size: number): string => `${size >= 0 ? '+' : ''}${inMib(size).toFixed(0)}`;

export const titleOf = ({
  model,
  sequences,
  contextTokens,
  kvType,
  batchTokens,
}: MemorySettings & {model: string}): string =>
  `${model}, ${sequences} x ${contextTokens} ${kvType} batch ${batchTokens}`;

/** |predicted - measured| <= 150 MiB or 3 %, whichever is larger, and never under by more than 50 MiB. */
export const withinGoal = ({
  predictedBytes,
  measuredBytes,
}: {
  predictedBytes: Bytes;
  measuredBytes: Bytes;
}): boolean => {
  const off = predictedBytes - measuredBytes;
  return Math.abs(off) <= Math.max(mib(150), measuredBytes * 0.03) && off >= -1 * mib(50);
};
