import {median, robustSpread, rounded, stored} from './numbers.ts';

/**
 * What the model's time per token usually is, by how it is asked. Times are kept as logarithms: slowness is a
 * ratio, and its noise is even there. Plain JSON, so that it outlives the watch.
 */
export interface Baseline {
  /** By `bucketOf`. */
  buckets: Readonly<Record<string, Bucket>>;
  /** Spread of the middle of a detection window while nobody disturbs, learned from windows. */
  windows: Ring;
}

interface Bucket {
  /** Seconds in which nobody else did anything worth mentioning. */
  alone: Ring;
  /** Seconds in which others worked but nothing looked wrong: for a model that is never alone. */
  usual: Ring;
}

interface Ring {
  /** The newest last. */
  values: readonly number[];
  middle: number;
  spread: number;
  /** Pushed so far; the middle is worked out anew at some of them. */
  pushed: number;
}

/** What a second is compared with. */
export interface Reference {
  kind: 'alone' | 'usual';
  /** Natural logarithm of milliseconds a token. */
  log: number;
}

/** Seconds that must have been seen before a bucket says anything, and that are kept. */
const ENOUGH = 10;
const KEPT = 240;
/** The middle is worked out at each push until there are so many, and at every eighth after. */
const EAGER = 40;
/** A window's spread below this is luck. */
const LEAST_SPREAD = 0.03;

const noRing: Ring = {values: [], middle: Number.NaN, spread: Number.NaN, pushed: 0};
const noBucket: Bucket = {alone: noRing, usual: noRing};
export const emptyBaseline: Baseline = {buckets: {}, windows: noRing};

/** Loads that are alike: 1, 2, 3-4, 5-8, … streams, with prompts being read beside them or not. */
export const bucketOf = (streams: number, reading: boolean): string =>
  `${2 ** Math.ceil(Math.log2(Math.max(1, streams)))}${reading ? '+' : ''}`;

export function referenceOf({buckets}: Baseline, bucket: string): Reference | undefined {
  const known = buckets[bucket];
  if (known && known.alone.values.length >= ENOUGH) return {kind: 'alone', log: known.alone.middle};
  if (known && known.usual.values.length >= ENOUGH) return {kind: 'usual', log: known.usual.middle};
  return undefined;
}

/** The standard deviation that the middle of an undisturbed window has. */
export const windowSpread = ({windows}: Baseline): number =>
  windows.values.length < ENOUGH ? LEAST_SPREAD : Math.max(LEAST_SPREAD, windows.spread);

export function learnSecond(
  baseline: Baseline,
  bucket: string,
  log: number,
  kind: Reference['kind'],
): Baseline {
  const known = baseline.buckets[bucket] ?? noBucket;
  return {
    ...baseline,
    buckets: {...baseline.buckets, [bucket]: {...known, [kind]: push(known[kind], log)}},
  };
}

export const learnWindow = (baseline: Baseline, middle: number): Baseline => ({
  ...baseline,
  windows: push(baseline.windows, middle),
});

function push(ring: Ring, value: number): Ring {
  const values = ring.values.slice(1 - KEPT);
  values.push(stored(value));
  const pushed = ring.pushed + 1;
  if (pushed > EAGER && pushed % 8 !== 0) return {...ring, values, pushed};
  return {values, pushed, middle: median(values), spread: robustSpread(values)};
}

/** How many seconds each bucket has been seen alone, for people. */
export const learned = ({
  buckets,
}: Baseline): {bucket: string; aloneSeconds: number; aloneMs: number | undefined}[] =>
  Object.entries(buckets).map(([bucket, {alone}]) => ({
    bucket,
    aloneSeconds: Math.min(alone.pushed, KEPT),
    aloneMs: alone.values.length >= ENOUGH ? rounded(Math.exp(alone.middle)) : undefined,
  }));
