/**
 * Quantities that must not be mixed up. Both are plain numbers at run time, branded for the compiler.
 */
declare const unit: unique symbol;

/** A count of bytes: an integer, zero or more (a difference may be negative). */
export type Bytes = number & {readonly [unit]: 'bytes'};

/** A span of time in milliseconds. */
export type Duration = number & {readonly [unit]: 'ms'};

export const bytes = (count: number): Bytes => Math.round(count) as Bytes;
export const kib = (count: number): Bytes => bytes(count * 1024);
export const mib = (count: number): Bytes => bytes(count * 1024 ** 2);
export const gib = (count: number): Bytes => bytes(count * 1024 ** 3);

export const ms = (count: number): Duration => count as Duration;
export const seconds = (count: number): Duration => ms(count * 1000);
export const minutes = (count: number): Duration => seconds(count * 60);
export const hours = (count: number): Duration => minutes(count * 60);

const STEPS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `2.3 GiB`: binary units, at most three significant digits, the sign kept. */
export function formatBytes(value: number): string {
  let step = 0;
  let size = Math.abs(value);
  while (size >= 1023.95 && step < STEPS.length - 1) {
    size /= 1024;
    step++;
  }
  const digits = step === 0 || size >= 99.95 ? 0 : 1;
  return `${value < 0 ? '-' : ''}${size.toFixed(digits)} ${STEPS[step] ?? 'B'}`;
}

/** `840 ms`, `2.4 s`, `3 min 12 s`, `5 h 2 min`. */
export function formatDuration(value: number): string {
  if (value < 999.5) return `${value < 9.95 && value > 0 ? value.toFixed(1) : Math.round(value)} ms`;
  if (value < 59_950) return `${(value / 1000).toFixed(1)} s`;
  const total = Math.round(value / 1000);
  if (total < 3600) return `${Math.floor(total / 60)} min ${total % 60} s`;
  return `${Math.floor(total / 3600)} h ${Math.floor((total % 3600) / 60)} min`;
}

const SIZE = /^\s*(\d+(?:\.\d+)?)\s*(b|k|kb|kib|m|mb|mib|g|gb|gib|t|tb|tib)?\s*$/i;
const FACTORS: Record<string, number> = {
  b: 1,
  k: 1024,
  kb: 1000,
  kib: 1024,
  m: 1024 ** 2,
  mb: 1000 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1000 ** 3,
  gib: 1024 ** 3,
  t: 1024 ** 4,
  tb: 1000 ** 4,
  tib: 1024 ** 4,
};

/** Reads `12GiB`, `500MB`, `4096`; undefined when the text is no size. */
export function parseBytes(text: string): Bytes | undefined {
  const match = SIZE.exec(text);
  if (!match?.[1]) return undefined;
  return bytes(Number(match[1]) * (FACTORS[(match[2] ?? 'b').toLowerCase()] ?? 1));
}

/** `8GiB`, `5536MiB`: so that it can be typed again and means the same. */
export function typedBytes(size: number): string {
  const [mebi, gibi] = [1024 ** 2, 1024 ** 3];
  if (size % gibi === 0) return `${size / gibi}GiB`;
  return size % mebi === 0 ? `${size / mebi}MiB` : String(size);
}

const DURATION_FACTORS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Reads `30s`, `1.5 min`, `2h`, `7d` and bare milliseconds; undefined when the text is no span of time. */
export function parseDuration(text: string): Duration | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)?\s*$/i.exec(text);
  if (!match?.[1]) return undefined;
  return ms(Math.round(Number(match[1]) * (DURATION_FACTORS[(match[2] ?? 'ms').toLowerCase()] ?? 1)));
}
