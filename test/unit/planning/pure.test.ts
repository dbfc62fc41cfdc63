import {describe, expect, it} from 'vitest';
import {bytes, mib} from '../../../src/base/units.ts';
import {errorOf} from '../../../src/deploy/planning/error-so-far.ts';
import {largestConcurrency, largestContext} from '../../../src/deploy/planning/fit.ts';
import type {Offer} from '../../../src/deploy/planning/offers.ts';
import type {PastRelease} from '../../../src/deploy/history.ts';

/** 100 B and 1 B a token: figures that can be checked by hand. */
const offer: Offer = {
  engine: 'embedded',
  variant: 'F16',
  weights: 'F16',
  kvType: 'f16',
  estimate: (contextTokens, sequences) => ({
    terms: [],
    totalBytes: bytes(100 + contextTokens * sequences),
  }),
  weightBytes: 100,
  kvBytesPerToken: 1,
  arithmetic: 'bf16',
  warnings: [],
};

describe('what fits', () => {
  it('finds the largest context to the step', () => {
    expect(largestContext(offer, 1, 100 + 1024, 4096)).toBe(1024);
    expect(largestContext(offer, 1, 100 + 1023, 4096)).toBe(768);
    expect(largestContext(offer, 2, 100 + 1024, 4096)).toBe(512);
    expect(largestContext(offer, 1, 1e9, 4096)).toBe(4096);
    expect(largestContext(offer, 1, 99, 4096)).toBe(0);
    expect(largestContext(offer, 1, -5, 4096)).toBe(0);
  });

  it('finds the largest concurrency', () => {
    expect(largestConcurrency(offer, 256, 100 + 3 * 256)).toBe(3);
    expect(largestConcurrency(offer, 256, 100 + 3 * 256 - 1)).toBe(2);
    expect(largestConcurrency(offer, 256, 1e9)).toBe(64);
    expect(largestConcurrency(offer, 256, 0)).toBe(0);
  });
});

describe('the error so far', () => {
  const past = (
    predicted: number,
    measured: number | undefined,
    device: 'cpu' | 'gpu' | undefined = 'cpu',
  ): PastRelease => ({
    release: {device, predicted: {peakBytes: mib(predicted), terms: []}} as unknown as PastRelease['release'],
    outcome:
      measured === undefined
        ? undefined
        : {state: 'served', at: '2026-01-01T00:00:00Z', measuredPeakBytes: mib(measured)},
  });

  it('counts, averages and keeps the sign of the worst', () => {
    const error = errorOf([past(300, 290), past(300, 350), past(300, 280), past(300, undefined)], 'cpu');
    expect(error).toEqual({
      device: 'cpu',
      releases: 3,
      meanBytes: Math.round(mib(80) / 3),
      worstBytes: -1 * mib(50),
    });
  });

  it('keeps RAM and cards apart, and leaves out what does not say where it ran', () => {
    const unknown = {...past(300, 100), release: {...past(300, 100).release}};
    delete unknown.release.device;
    const all = [past(300, 290), past(700, 500, 'gpu'), past(300, 300), unknown];
    expect(errorOf(all, 'cpu')).toEqual({device: 'cpu', releases: 2, meanBytes: mib(5), worstBytes: mib(10)});
    expect(errorOf(all, 'gpu')).toEqual({
      device: 'gpu',
      releases: 1,
      meanBytes: mib(200),
      worstBytes: mib(200),
    });
  });

  it('is nothing while nothing was measured', () => {
    expect(errorOf([], 'cpu')).toBeUndefined();
    expect(errorOf([past(300, undefined), past(300, 0)], 'cpu')).toBeUndefined();
  });
});
