import type {Bytes} from '../../base/units.ts';
import {mib} from '../../base/units.ts';

export interface ThreadFacts {
  modelBytes: Bytes;
  /** Physical cores that this process may use. */
  physicalCores: number;
  /** Runnable processes on average just now (the 1-minute load). */
  load: number;
}

/** Below this a token takes less time than threads need to wait for each other. */
const TINY = mib(64);

/**
 * CPU threads for a model. Threads wait for each other by spinning, so one more than there are idle
 * cores is many times slower than one fewer.
 */
export function chooseThreads({modelBytes, physicalCores, load}: ThreadFacts): number {
  if (modelBytes < TINY) return 1;
  const idle = physicalCores - Math.round(load);
  return Math.max(1, Math.min(idle, physicalCores));
}
