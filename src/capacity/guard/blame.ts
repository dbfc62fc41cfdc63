import {isSlowSecond, secondsOf, type Detection, type Slowness} from './detect.ts';
import {rounded} from './numbers.ts';
import type {Neighbour} from './observation.ts';

/** Why a neighbour is held to slow the model. Shares of judged seconds, 0 to 1. */
export interface Evidence {
  cores: number;
  /** Of the seconds in which it worked as it does now, how many were slow. */
  slowWhileBusy: number;
  busySeconds: number;
  /** Of the others; none when there were none: then it is held against the time of the model alone. */
  slowWhileIdle: number | undefined;
  idleSeconds: number;
  /** The difference: what its work explains. */
  lift: number;
  newcomer: boolean;
}

export interface Suspect {
  neighbour: Neighbour;
  evidence: Evidence;
}

/** Less than this slows nobody. Cores. */
export const LEAST_CORES = 0.25;
const LEAST_LIFT = 0.5;
/** Without a second in which it rested, so many slow ones are needed. */
const ALONE_SECONDS = 10;
/** It counts as working with at least this share of what it does now. */
const WORKING = 0.5;

/**
 * The neighbours whose work explains the slowness, the likeliest first: seconds in which they worked are slow,
 * seconds in which they did not are not. One that works all the time while the model is slow now and then explains
 * nothing, however large it is.
 */
export function suspects(
  detection: Detection,
  slowness: Slowness,
  neighbours: readonly Neighbour[],
  isNewcomer: (neighbour: Neighbour) => boolean,
): Suspect[] {
  return neighbours
    .filter(({cores}) => cores >= LEAST_CORES)
    .flatMap((neighbour): Suspect[] => {
      const history = secondsOf(detection, neighbour.key);
      const working = history.filter(({cores}) => (cores[neighbour.key] ?? 0) >= WORKING * neighbour.cores);
      const slowBusy = working.filter((one) => isSlowSecond(one, slowness.threshold)).length;
      const slowAll = history.filter((one) => isSlowSecond(one, slowness.threshold)).length;
      const idleSeconds = history.length - working.length;
      const slowWhileBusy = working.length === 0 ? 0 : slowBusy / working.length;
      const slowWhileIdle = idleSeconds === 0 ? undefined : (slowAll - slowBusy) / idleSeconds;
      if (slowWhileIdle === undefined && (slowness.reference !== 'alone' || working.length < ALONE_SECONDS))
        return [];
      const lift = slowWhileBusy - (slowWhileIdle ?? 0);
      if (lift < LEAST_LIFT) return [];
      const evidence: Evidence = {
        cores: rounded(neighbour.cores),
        slowWhileBusy: rounded(slowWhileBusy),
        busySeconds: working.length,
        slowWhileIdle: slowWhileIdle === undefined ? undefined : rounded(slowWhileIdle),
        idleSeconds,
        lift: rounded(lift),
        newcomer: isNewcomer(neighbour),
      };
      return [{neighbour, evidence}];
    })
    .toSorted((a, b) => weight(b) - weight(a));
}

/** A newcomer is suspected first; then who explains more of it with more work. */
const weight = ({evidence: {lift, cores, newcomer}}: Suspect): number => lift * cores * (newcomer ? 2 : 1);
