import {createHistogram, type RecordableHistogram} from 'node:perf_hooks';
import type {Quantiles} from '../../hosts/index.ts';

/** Values needed before a quantile says anything: below, it would only be the largest value again. */
const NEEDED = {p50: 1, p90: 10, p95: 20, p99: 100} as const;

/** A sketch of spans: 0.1 % exact, one small fixed piece of memory. */
export class SpanSketch {
  readonly #histogram: RecordableHistogram = createHistogram({figures: 3});

  /** Counts one span in milliseconds. */
  add(spanMs: number): void {
    this.#histogram.record(Math.max(1, Math.round(spanMs * 1000)));
  }

  get quantiles(): Quantiles {
    const {count} = this.#histogram;
    if (count === 0) return {count};
    const at = (percent: number): number => this.#histogram.percentile(percent) / 1000;
    return {
      count,
      p50: at(50),
      ...(count >= NEEDED.p90 && {p90: at(90)}),
      ...(count >= NEEDED.p95 && {p95: at(95)}),
      ...(count >= NEEDED.p99 && {p99: at(99)}),
      max: this.#histogram.max / 1000,
    };
  }
}
