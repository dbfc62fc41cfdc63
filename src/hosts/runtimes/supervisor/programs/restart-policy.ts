/** One end of a kept program. Spans are of the monotonic clock, in milliseconds. */
export interface PastExit {
  atMs: number;
  ranMs: number;
  /** Whether it had become ready before it ended. */
  healthy: boolean;
}

export type Verdict = {verdict: 'again'; delayMs: number} | {verdict: 'give-up'};

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 10_000;
/** A program that ran this long has earned a fresh start. */
const STEADY_MS = 60_000;

/** So many ends without ever being ready, within this span: trying again would only fill the log. */
const FAST_CRASHES = 3;
const FAST_SPAN_MS = 10_000;
/** The same for a program that takes long to fail, such as one that loads large weights first. */
const SLOW_CRASHES = 5;

/** What to do after a kept program ended: `exits` are all of this program's so far, oldest first. */
export function afterExit(exits: readonly PastExit[]): Verdict {
  const neverReady = exits.length - (exits.findLastIndex((exit) => exit.healthy) + 1);
  const [oldest, newest] = [exits.at(-FAST_CRASHES), exits.at(-1)];
  const fast = neverReady >= FAST_CRASHES && oldest && newest && newest.atMs - oldest.atMs <= FAST_SPAN_MS;
  if (fast || neverReady >= SLOW_CRASHES) return {verdict: 'give-up'};
  const sinceSteady = exits.length - (exits.findLastIndex((exit) => exit.ranMs >= STEADY_MS) + 1);
  // The end of a steady run is itself the first of a new series.
  const doublings = Math.max(0, sinceSteady - (sinceSteady === exits.length ? 1 : 0));
  return {verdict: 'again', delayMs: Math.min(FIRST_DELAY_MS * 2 ** doublings, LONGEST_DELAY_MS)};
}
