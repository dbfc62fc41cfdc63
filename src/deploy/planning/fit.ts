import type {Offer} from './offers.ts';

const CONTEXT_STEP = 256;
const MOST_SEQUENCES = 64;

/** The largest context, in steps of 256 tokens, whose estimate is within `availableBytes`; 0 when none is. */
export function largestContext(
  offer: Offer,
  sequences: number,
  availableBytes: number,
  maxContextTokens: number,
): number {
  const steps = Math.floor(maxContextTokens / CONTEXT_STEP);
  return (
    CONTEXT_STEP *
    largest(steps, (step) => offer.estimate(step * CONTEXT_STEP, sequences).totalBytes <= availableBytes)
  );
}

/** The most requests at once, each with a full context, whose estimate is within `availableBytes`; 0 when not even one is. */
export const largestConcurrency = (offer: Offer, contextTokens: number, availableBytes: number): number =>
  largest(
    MOST_SEQUENCES,
    (sequences) => offer.estimate(contextTokens, sequences).totalBytes <= availableBytes,
  );

/** The largest of 1 to `most` that holds, where each that holds makes all below hold; 0 when none does. */
function largest(most: number, holds: (value: number) => boolean): number {
  let good = 0;
  let bad = most + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (holds(middle)) good = middle;
    else bad = middle;
  }
  return good;
}
