import type {Offer} from './offers.ts';
import type {Profile} from './profiles.ts';

export interface Candidate {
  offer: Offer;
  neededBytes: number;
  /** Predicted for the long workload; undefined where the card's limits are not known. */
  summaryMs: number | undefined;
}

/** What fits first; among those, what the profile is about; memory decides the rest. */
export function rankOffers<T extends Candidate>(
  candidates: readonly T[],
  availableBytes: number,
  profile: Profile,
): T[] {
  const misfit = ({neededBytes}: T): number => (neededBytes <= availableBytes ? 0 : 1);
  const doubtful = ({offer}: T): number => (offer.warnings.includes('kv-below-8-bits') ? 1 : 0);
  const keys: Record<Profile, (each: T) => number> = {
    headroom: ({neededBytes}) => neededBytes,
    throughput: ({summaryMs, neededBytes}) => summaryMs ?? neededBytes,
    quality: ({offer}) => -1 * (offer.quality?.percent ?? 0),
  };
  const key = keys[profile];
  return candidates.toSorted(
    (a, b) =>
      misfit(a) - misfit(b) || doubtful(a) - doubtful(b) || key(a) - key(b) || a.neededBytes - b.neededBytes,
  );
}
