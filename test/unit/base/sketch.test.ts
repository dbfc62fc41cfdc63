import {describe, expect, it} from 'vitest';
import {Sketch} from '../../../src/base/sketch.ts';

const values = Array.from({length: 5000}, (_, at) => 0.5 * 1.002 ** at);
const of = (some: readonly number[]): Sketch => {
  const sketch = new Sketch();
  for (const value of some) sketch.add(value);
  return sketch;
};

describe('a sketch', () => {
  it('tells quantiles within 1 % over five orders of magnitude', () => {
    const sketch = of(values);
    for (const ratio of [0, 0.01, 0.5, 0.9, 0.99, 1]) {
      const exact = values[Math.max(0, Math.ceil(ratio * values.length) - 1)] ?? 0;
      expect(Math.abs((sketch.quantile(ratio) ?? 0) / exact - 1)).toBeLessThan(0.0101);
    }
  });

  it('counts values up to a limit, those within 1 % of it either way', () => {
    const sketch = of(values);
    for (const limit of [0.6, 10, 5000]) {
      const count = sketch.countUpTo(limit);
      expect(count).toBeGreaterThanOrEqual(values.filter((value) => value <= limit * 0.9899).length);
      expect(count).toBeLessThanOrEqual(values.filter((value) => value <= limit * 1.0101).length);
    }
    expect(of([900, 100, 900]).countUpTo(500)).toBe(1);
    expect(of([]).countUpTo(500)).toBe(0);
  });

  it('adds up: two halves are the same as the whole', () => {
    const halves = of(values.slice(0, 700));
    halves.merge(of(values.slice(700)));
    expect(halves.buckets).toEqual(of(values).buckets);
    expect(halves.count).toBe(values.length);
  });

  it('comes back from its bytes and from JSON as it was', () => {
    const sketch = of([1e-9, 0.2, 0.2, 1, 3, 1e7]);
    sketch.add(5, 1_000_000);
    expect(Sketch.decode(sketch.encode()).buckets).toEqual(sketch.buckets);
    expect(Sketch.of(JSON.parse(JSON.stringify(sketch.buckets)) as never).count).toBe(1_000_006);
    expect(sketch.encode().length).toBeLessThan(30);
  });

  it('of nothing has no quantile', () => {
    expect(new Sketch().quantile(0.5)).toBeUndefined();
    expect(Sketch.decode(new Uint8Array()).count).toBe(0);
  });
});
