import type {Answers} from '../../monitor/index.ts';
import {forecastPeak, type DailyPeak} from '../forecast/forecast.ts';
import type {CapacityReport} from '../schema.ts';
import {kindOf, type Present} from './presence.ts';
import type {PastForecast} from './schema.ts';

const DAY_MS = 24 * 60 * 60_000;

export interface ForecastInput {
  /** The most that each held on each day (UTC). */
  peaks: Answers['peaks'];
  /** Who is there now. */
  present: readonly Present[];
  /** Total less what the driver or kernel holds back; undefined where the device was not measured. */
  usableBytes: number | undefined;
  /** The deployment's model, and when its release was made, in milliseconds since the epoch. */
  model: CapacityReport['model'];
  releasedMs: number | undefined;
}

/** What everyone who is there now should be expected to hold at most tomorrow. Pure. */
export function forecastOf({peaks, present, usableBytes, model, releasedMs}: ForecastInput): PastForecast {
  const tenants = present.flatMap(({key, name}) => {
    const days = key === 'model' ? modelDays(peaks, model, releasedMs) : daysOf(peaks, key);
    const forecast = forecastPeak(days);
    return forecast ? [{key, kind: kindOf(key), name, ...forecast}] : [];
  });
  const expected = tenants.reduce((sum, {bytes}) => sum + bytes, 0);
  // Without the model's own peak the sum would promise what it needs.
  const has = (of: readonly {key: string}[]): boolean => of.some(({key}) => key === 'model');
  const whole = usableBytes !== undefined && tenants.length > 0 && has(present) === has(tenants);
  return {tenants, ...(whole && {leftBytes: usableBytes - expected})};
}

const daysOf = (peaks: Answers['peaks'], key: string): DailyPeak[] =>
  peaks.flatMap(({dayMs, peaks: of}) => {
    const peakBytes = of[key];
    return peakBytes === undefined || peakBytes === 0 ? [] : [{day: dayMs / DAY_MS, peakBytes}];
  });

/**
 * Days of earlier releases say nothing about this one, and on its own first day it may have stood beside the one before:
 * for that day the peak counts that its deploy measured, which tried the worst case.
 */
function modelDays(
  peaks: Answers['peaks'],
  model: CapacityReport['model'],
  releasedMs: number | undefined,
): DailyPeak[] {
  if (!model || releasedMs === undefined) return [];
  const day = Math.floor(releasedMs / DAY_MS);
  const {measuredPeakBytes} = model;
  return [
    ...(measuredPeakBytes === undefined ? [] : [{day, peakBytes: measuredPeakBytes}]),
    ...daysOf(peaks, 'model').filter((one) => one.day > day),
  ];
}
