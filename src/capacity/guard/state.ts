import {emptyBaseline, type Baseline} from './baseline.ts';
import {noDetection, type Detection} from './detect.ts';

/** What is done to a neighbour now. Plain JSON: it outlives the watch. */
export interface Handled {
  key: string;
  name: string;
  action: 'lower' | 'pause' | 'stop';
  because: 'interference' | 'breach';
  /** On the guard's clock, ms. */
  sinceMs: number;
  /** Since when nothing speaks for it any more. */
  wellSinceMs: number | undefined;
  /** Since when it has not been seen. */
  goneSinceMs: number | undefined;
  /** Cores it used when it was found out. */
  cores: number;
  /** Why it could not be done. */
  failed?: string;
}

/** What a neighbour did before: its cool-down doubles with each relapse, for an hour. */
export interface Offence {
  times: number;
  lastMs: number;
  cores: number;
}

export interface GuardState {
  /** The guard's own clock, ms: it follows the wall's seconds and never its jumps. */
  clockMs: number;
  lastAtMs: number | undefined;
  detection: Detection;
  /** Who is handled, by key. */
  handled: Readonly<Record<string, Handled>>;
  offences: Readonly<Record<string, Offence>>;
  /** The model has been slow and nobody could be blamed, or the blamed may not be touched: told once. */
  told: Readonly<Record<string, number>>;
  /** Since when the model has had nothing to do. */
  idleSinceMs: number | undefined;
}

export const freshState = (baseline: Baseline = emptyBaseline): GuardState => ({
  clockMs: 0,
  lastAtMs: undefined,
  detection: noDetection(baseline),
  handled: {},
  offences: {},
  told: {},
  idleSinceMs: undefined,
});
