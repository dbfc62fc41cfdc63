import type {Tier} from '../lease.ts';

/** Why a promise is only watched (T0), or what stood in the way of more. */
export type Reason =
  /** Nobody uses it yet: there is nothing to limit. */
  | 'open'
  /**
   * It has no control group of its own: none can be made here, or it ran before it was adopted (what it holds would
   * stay charged to the group that it came from).
   */
  | 'no-group'
  /** The driver of the card has not proven that it can limit anybody. */
  | 'card-unproven'
  /** A limit was asked for, and reading it back did not show it. */
  | 'not-read-back';

/** How a promise is kept, as it was read back just now. */
export interface Enforced {
  tier: Tier;
  /** Missing where the tier is the best there is for its kind. */
  why?: Reason;
  /** What the system said, where something failed. */
  detail?: string;
}
