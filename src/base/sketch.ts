/** Each bucket's bounds are this factor apart, so that a quantile is at most 1 % off. */
const GAMMA = 1.02;
const LOG_GAMMA = Math.log(GAMMA);
/** The middle of a bucket, as a factor of its upper bound. */
const MIDDLE = 2 / (1 + GAMMA);
/** Smaller values count as this one. */
const SMALLEST = 1e-3;

/** Bucket and how many values are in it, by bucket. Plain JSON. */
export type SketchBuckets = readonly (readonly [bucket: number, count: number])[];

/**
 * Quantiles of positive values in buckets that grow by 2 %, after DDSketch (Masson et al., VLDB 2019). Sketches of
 * several spans of time add up to the sketch of all of them, which quantiles themselves do not.
 */
export class Sketch {
  readonly #counts = new Map<number, number>();
  #count = 0;
  /** Buckets were added in their order, as `decode` does: there is nothing to sort. */
  #sorted = true;
  #highest = Number.NEGATIVE_INFINITY;

  static of(buckets: SketchBuckets): Sketch {
    const sketch = new Sketch();
    for (const [bucket, count] of buckets) sketch.#put(bucket, count);
    return sketch;
  }

  /** How many values it holds. */
  get count(): number {
    return this.#count;
  }

  /** Counts a value, `weight` times (a whole number). */
  add(value: number, weight = 1): void {
    this.#put(Math.ceil(Math.log(Math.max(SMALLEST, value)) / LOG_GAMMA), weight);
  }

  merge(other: Sketch): void {
    for (const [bucket, count] of other.#counts) this.#put(bucket, count);
  }

  /** The value at rank `ratio` (0 to 1); undefined of none. */
  quantile(ratio: number): number | undefined {
    return this.quantiles([ratio])[0];
  }

  /** The values at these ranks, which rise; empty of none. */
  quantiles(ratios: readonly number[]): number[] {
    const values: number[] = [];
    let seen = 0;
    for (const [bucket, count] of this.buckets) {
      seen += count;
      for (let ratio = ratios[values.length]; ratio !== undefined; ratio = ratios[values.length]) {
        if (seen < Math.ceil(Math.min(1, Math.max(0, ratio)) * this.#count)) break;
        values.push(GAMMA ** bucket * MIDDLE);
      }
    }
    return values;
  }

  /** How many values are at most this one, which is within 1 %. */
  countUpTo(limit: number): number {
    let count = 0;
    for (const [bucket, of] of this.#counts) if (GAMMA ** bucket * MIDDLE <= limit) count += of;
    return count;
  }

  get buckets(): SketchBuckets {
    return this.#sorted ? [...this.#counts] : [...this.#counts].sort(([a], [b]) => a - b);
  }

  /** A few bytes a bucket, for a store. */
  encode(): Uint8Array {
    const bytes: number[] = [];
    let last = 0;
    for (const [bucket, count] of this.buckets) {
      writeVarint(bytes, zigzag(bucket - last));
      writeVarint(bytes, count);
      last = bucket;
    }
    return Uint8Array.from(bytes);
  }

  /** What `encode` wrote. */
  static decode(bytes: Uint8Array): Sketch {
    const sketch = new Sketch();
    const numbers = readVarints(bytes);
    let bucket = 0;
    for (let at = 0; at + 1 < numbers.length; at += 2) {
      bucket += unzigzag(numbers[at] ?? 0);
      sketch.#put(bucket, numbers[at + 1] ?? 0);
    }
    return sketch;
  }

  #put(bucket: number, count: number): void {
    const known = this.#counts.get(bucket);
    if (known === undefined && bucket < this.#highest) this.#sorted = false;
    this.#highest = Math.max(this.#highest, bucket);
    this.#counts.set(bucket, (known ?? 0) + count);
    this.#count += count;
  }
}

const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
const unzigzag = (value: number): number => (value % 2 === 1 ? -(value + 1) / 2 : value / 2);

/** Appends a whole number, zero or more, in as few bytes as it needs. */
export function writeVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

/** The numbers that `writeVarint` wrote one after the other. */
export function readVarints(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let value = 0;
  let factor = 1;
  for (const byte of bytes) {
    value += (byte % 128) * factor;
    factor *= 128;
    if (byte < 128) {
      numbers.push(value);
      value = 0;
      factor = 1;
    }
  }
  return numbers;
}
