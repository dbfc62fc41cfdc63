const MINUTE_MS = 60_000;
/** Minutes that are remembered: the longest window, three days. */
export const REMEMBERED = 3 * 24 * 60;

/** How many were as they should be, and how many were not. */
export interface Count {
  good: number;
  bad: number;
}

/** Good and bad ones by the minute of the wall clock, for three days. */
export class Tally {
  readonly #good = new Float64Array(REMEMBERED);
  readonly #bad = new Float64Array(REMEMBERED);
  /** Which minute each place holds: what is too old is overwritten only when its place is needed. */
  readonly #minutes = new Int32Array(REMEMBERED).fill(-1);

  add(atMs: number, {good, bad}: Count): void {
    if (good === 0 && bad === 0) return;
    const minute = Math.floor(atMs / MINUTE_MS);
    const place = minute % REMEMBERED;
    if (this.#minutes[place] !== minute) {
      this.#minutes[place] = minute;
      this.#good[place] = 0;
      this.#bad[place] = 0;
    }
    this.#good[place] = (this.#good[place] ?? 0) + good;
    this.#bad[place] = (this.#bad[place] ?? 0) + bad;
  }

  /** Of the last `minutes`, the present one included. */
  sum(atMs: number, minutes: number): Count {
    const last = Math.floor(atMs / MINUTE_MS);
    let good = 0;
    let bad = 0;
    for (let minute = last - minutes + 1; minute <= last; minute++) {
      const place = minute % REMEMBERED;
      if (this.#minutes[place] !== minute) continue;
      good += this.#good[place] ?? 0;
      bad += this.#bad[place] ?? 0;
    }
    return {good, bad};
  }
}
