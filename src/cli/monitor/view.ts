import type {Answers} from '../../monitor/index.ts';

export type Now = Answers['now'];
export type LiveSample = NonNullable<Now['sample']>;

/** What a view of the present is drawn from. Times in milliseconds since the epoch. */
export interface View {
  deployment: string;
  host: string;
  /** The last answer; undefined before the first. */
  now: Now | undefined;
  /** When that came. */
  answeredAtMs: number | undefined;
  /** The watch did not answer the last question. */
  silent: boolean;
  /** Tokens a second of the last samples, the oldest first. */
  speeds: readonly number[];
  /** Time between two tokens (median), where there were any. */
  tpots: readonly number[];
}

/** Samples behind the small charts: two minutes. */
const KEPT = 120;

/** The view after another answer. Pure. */
export function viewed(view: View, now: Now, atMs: number): View {
  const {sample} = now;
  const again = sample !== undefined && sample.atMs === view.now?.sample?.atMs;
  const {tokensPerSecond, tpotMs} = (again ? undefined : sample?.gateway) ?? {};
  return {
    ...view,
    ...{now, answeredAtMs: atMs, silent: false},
    speeds: [...view.speeds, ...(tokensPerSecond === undefined ? [] : [tokensPerSecond])].slice(-KEPT),
    tpots: [...view.tpots, ...(tpotMs ? [tpotMs.p50] : [])].slice(-KEPT),
  };
}
