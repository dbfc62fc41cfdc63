import {bytes, mib, type Bytes} from '../../base/units.ts';

/** What a lease's tenant holds, beside what it was promised. */
export interface LeaseUse {
  name: string;
  bytes: Bytes;
  usedBytes: Bytes;
}

/** A change: a promise is broken, or kept again. */
export interface BreachFound extends LeaseUse {
  state: 'broken' | 'kept';
  /** Since when it was broken, milliseconds since the epoch. */
  sinceMs: number;
  toleranceBytes: Bytes;
}

/** Names of the leases that are broken, and since when. */
export type Broken = ReadonlyMap<string, number>;

/** What a tenant may hold beyond its promise before that is told: readings are a second old, and a program starts a library. */
export const toleranceOf = (promised: number): Bytes => bytes(Math.max(mib(16), promised * 0.02));

/**
 * Which leases are broken now, and what is new about it. One is broken when its tenant holds more than was promised
 * and the tolerance, and kept again when it holds no more than was promised: between the two nothing changes. A lease
 * that is over is broken no more, without a word. Pure.
 */
export function judgeLeases(
  before: Broken,
  uses: readonly LeaseUse[],
  atMs: number,
): {broken: Broken; found: BreachFound[]} {
  const broken = new Map<string, number>();
  const found: BreachFound[] = [];
  for (const use of uses) {
    const sinceMs = before.get(use.name);
    const toleranceBytes = toleranceOf(use.bytes);
    const breaks = use.usedBytes > use.bytes + (sinceMs === undefined ? toleranceBytes : 0);
    if (breaks) broken.set(use.name, sinceMs ?? atMs);
    if (breaks !== (sinceMs !== undefined)) {
      found.push({...use, toleranceBytes, sinceMs: sinceMs ?? atMs, state: breaks ? 'broken' : 'kept'});
    }
  }
  return {broken, found};
}
