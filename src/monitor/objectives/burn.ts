import type {Count, Tally} from './tally.ts';

/** `page`: look now. `ticket`: look when there is time. */
export type Severity = 'page' | 'ticket';

/** Two windows that must both burn, in minutes, and how fast: at factor 1 the budget lasts exactly its month. */
interface Pair {
  longMinutes: number;
  shortMinutes: number;
  factor: number;
  severity: Severity;
}

/**
 * The long window says that it matters, the short one that it still goes on.
 * Source: The Site Reliability Workbook, "Alerting on SLOs", method 6.
 */
const PAIRS: readonly Pair[] = [
  {longMinutes: 60, shortMinutes: 5, factor: 14.4, severity: 'page'},
  {longMinutes: 6 * 60, shortMinutes: 30, factor: 6, severity: 'page'},
  {longMinutes: 3 * 24 * 60, shortMinutes: 6 * 60, factor: 1, severity: 'ticket'},
];

/** All windows, in minutes. */
export const WINDOWS = [5, 30, 60, 6 * 60, 3 * 24 * 60] as const;

/**
 * Fewer bad ones in the long window, or in the short one, prove nothing, whatever their share: where little is asked,
 * one request is many times the budget. The workbook leaves this open ("Low-Traffic Services").
 */
const LEAST_BAD = {long: 3, short: 2};

/** How fast a budget burns in one window. */
export interface WindowBurn extends Count {
  minutes: number;
  /** A multiple of what the objective allows. */
  rate: number;
}

/** A pair whose windows both burn. */
export interface Burn {
  severity: Severity;
  factor: number;
  long: WindowBurn;
  short: WindowBurn;
}

/** Each window. `budget` is the share that may be bad. */
export const windowsOf = (tally: Tally, atMs: number, budget: number): WindowBurn[] =>
  WINDOWS.map((minutes) => {
    const {good, bad} = tally.sum(atMs, minutes);
    return {minutes, rate: good + bad === 0 ? 0 : bad / (good + bad) / budget, good, bad};
  });

/** The first pair whose windows both burn; undefined while all is well. Pure. */
export function burnIn(windows: readonly WindowBurn[]): Burn | undefined {
  const of = (minutes: number): WindowBurn | undefined => windows.find((one) => one.minutes === minutes);
  for (const {longMinutes, shortMinutes, factor, severity} of PAIRS) {
    const [long, short] = [of(longMinutes), of(shortMinutes)];
    if (!long || !short || long.bad < LEAST_BAD.long || short.bad < LEAST_BAD.short) continue;
    if (burns(long, factor) && burns(short, factor)) return {severity, factor, long, short};
  }
  return undefined;
}

/** A share that is exactly the factor must not be lost to rounding: 14.4 of 1000 is 14.4 times 0.1 %. */
const burns = ({rate}: WindowBurn, factor: number): boolean => rate >= factor * (1 - 1e-9);
