import {describe, expect, it} from 'vitest';
import {formatBytes, formatDuration, gib, mib, parseBytes} from '../../../src/base/units.ts';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [mib(1023.97), '1.0 GiB'],
    [gib(14.8), '14.8 GiB'],
    [gib(-2), '-2.0 GiB'],
  ])('%d is %s', (value, text) => {
    expect(formatBytes(value)).toBe(text);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [0.42, '0.4 ms'],
    [840.2, '840 ms'],
    [999.6, '1.0 s'],
    [2400, '2.4 s'],
    [59_960, '1 min 0 s'],
    [192_000, '3 min 12 s'],
    [18_120_000, '5 h 2 min'],
  ])('%d is %s', (value, text) => {
    expect(formatDuration(value)).toBe(text);
  });
});

describe('parseBytes', () => {
  it('reads binary and decimal units', () => {
    expect(parseBytes('12GiB')).toBe(gib(12));
    expect(parseBytes('1.5 g')).toBe(gib(1.5));
    expect(parseBytes('500MB')).toBe(500_000_000);
    expect(parseBytes('4096')).toBe(4096);
  });

  it.each(['', 'many', '-1GiB', '1e9', '12 GiBs'])('refuses %j', (text) => {
    expect(parseBytes(text)).toBeUndefined();
  });
});
