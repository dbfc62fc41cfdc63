import {BerthError} from '../../base/errors.ts';
import {MEMORY_CHANGED} from '../../engines/index.ts';

/** Starts of one candidate before it is given up. */
const MOST_STARTS = 3;

/**
 * Whether a candidate that failed should simply be started once more: only when a neighbour's memory changed
 * while the engine measured the card, which says nothing about the candidate.
 */
export const shouldStartAgain = (error: unknown, starts: number): boolean =>
  starts < MOST_STARTS && error instanceof BerthError && error.details.knownCause === MEMORY_CHANGED;
