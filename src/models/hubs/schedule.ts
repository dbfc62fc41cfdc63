/** Decides which hub a part of a file is asked of, and which hub is too slow to wait for. Pure. */

export interface Standing {
  /** False once it has failed in this round. */
  live: boolean;
  /** Requests under way. */
  lanes: number;
  /** Whether it sends parts of files; while that is unknown, and where it does not, one request at a time is enough. */
  ranges: boolean | undefined;
  /** Left behind by a faster one: asked again only when no other is left. */
  outrun: boolean;
  /** Of one request, as measured last; undefined before that. */
  bytesPerSecond: number | undefined;
}

/** Requests under way at once, over all hubs: polite to them, and enough to fill a line that each one limits. */
export const MOST_LANES = 4;

/**
 * Whom to ask next. First everybody once, to measure them; then the fastest. Undefined: nobody now, wait for
 * a measurement or an end.
 */
export function nextToAsk<T extends Standing>(standings: readonly T[]): T | undefined {
  if (standings.reduce((sum, {lanes}) => sum + lanes, 0) >= MOST_LANES) return undefined;
  const live = standings.filter(({live: alive, ranges, lanes}) => alive && (lanes === 0 || ranges === true));
  const fit = live.filter(({outrun}) => !outrun);
  const field = fit.length > 0 ? fit : live;
  const unknown = field.find(({lanes, bytesPerSecond}) => lanes === 0 && bytesPerSecond === undefined);
  if (unknown) return unknown;
  if (field.length === 1) return field[0];
  return field
    .filter(({bytesPerSecond}) => bytesPerSecond !== undefined)
    .toSorted((a, b) => (b.bytesPerSecond ?? 0) - (a.bytesPerSecond ?? 0))[0];
}

/** How much slower than another a hub must be before its request is broken off. */
const OUTRUN_FACTOR = 4;

/** Whether a request should be broken off and its rest given to a faster hub. */
export function isOutrun(bytesPerSecond: number, others: readonly Standing[]): boolean {
  return others.some(
    (other) => other.live && !other.outrun && (other.bytesPerSecond ?? 0) > OUTRUN_FACTOR * bytesPerSecond,
  );
}
