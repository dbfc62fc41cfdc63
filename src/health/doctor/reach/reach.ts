import {seconds, type Duration} from '../../../base/units.ts';

/** How long one address may take. */
export const REACH_LIMIT: Duration = seconds(3);

export interface Reached {
  origin: string;
  /** Until the head of any answer came; left out when none did within the limit. */
  elapsedMs?: number;
}

/** Asks each address for its head at the same time. Whatever the status is, an answer is an answer. */
export function reach(origins: readonly string[], limit: Duration = REACH_LIMIT): Promise<Reached[]> {
  return Promise.all(
    origins.map(async (origin) => {
      const started = performance.now();
      try {
        const signal = AbortSignal.timeout(limit);
        const response = await fetch(origin, {method: 'HEAD', redirect: 'manual', signal});
        await response.body?.cancel();
        return {origin, elapsedMs: performance.now() - started};
      } catch {
        // Refused, unknown or silent: all of it is out of reach.
        return {origin};
      }
    }),
  );
}
