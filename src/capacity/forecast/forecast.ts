/** The highest that somebody held on one day. */
export interface DailyPeak {
  /** Days since the epoch. */
  day: number;
  peakBytes: number;
}

/** What somebody should be expected to hold at most on the next day. */
export interface Forecast {
  bytes: number;
  /** The highest that was ever seen: never less than this. */
  seenBytes: number;
  /** Added to that, as a share. */
  marginRatio: number;
  /** Days that it is made from. */
  days: number;
}

/** So much is added at least, and at most. The latter is the margin of the Kubernetes VPA. */
const MARGIN = {least: 0.06, most: 0.15};
/** What rose so much may rise as much again, and the noise of a day comes on top. */
const SURPRISES = 2;
/** A surprise counts half after a day, a quarter after two. Source: the VPA's half-life, 24 h. */
const HALF_LIFE_DAYS = 1;
/** Fewer days have not seen a whole week. */
export const ENOUGH_DAYS = 8;

/**
 * The highest that was seen, and a margin for what was not. How wide it must be is what the days say themselves: how far
 * a day surpassed all days before it. Where days keep below their highest it is the least; where each surpasses the last
 * it is that much more; the older such a surprise, the less it says. With fewer days than a week it is wider, because
 * less was seen. Undefined of no day at all. Pure.
 */
export function forecastPeak(peaks: readonly DailyPeak[]): Forecast | undefined {
  const days = peaks.toSorted((a, b) => a.day - b.day);
  const last = days.at(-1);
  if (!last) return undefined;
  let seenBytes = 0;
  let surprise = 0;
  for (const {day, peakBytes} of days) {
    // The first day is no surprise: there was nothing to surpass.
    if (seenBytes > 0 && peakBytes > seenBytes)
      surprise = Math.max(surprise, (peakBytes / seenBytes - 1) * faded(last.day - day));
    seenBytes = Math.max(seenBytes, peakBytes);
  }
  const missing = Math.max(0, ENOUGH_DAYS - days.length) / (ENOUGH_DAYS - 1);
  const unseen = missing * (MARGIN.most - MARGIN.least);
  const marginRatio = Math.min(MARGIN.most, MARGIN.least + unseen + SURPRISES * surprise);
  return {
    bytes: Math.ceil(seenBytes * (1 + marginRatio)),
    seenBytes,
    marginRatio: Number(marginRatio.toFixed(4)),
    days: days.length,
  };
}

const faded = (ageDays: number): number => 0.5 ** (ageDays / HALF_LIFE_DAYS);
