import {describe, expect, it} from 'vitest';
import {BerthError} from '../../../src/base/errors.ts';
import type {Clock} from '../../../src/base/clock.ts';
import {bytes, gib, mib, ms, seconds} from '../../../src/base/units.ts';
import type {Reading} from '../../../src/card/index.ts';
import {shouldStartAgain} from '../../../src/deploy/start/again.ts';
import {isQuiet, untilQuiet, type FreeSample} from '../../../src/deploy/start/quiet.ts';

const rule = {window: seconds(2), tolerance: mib(64), every: ms(500), deadline: seconds(10)};

describe('isQuiet', () => {
  const samples = (...free: number[]): FreeSample[] =>
    free.map((freeBytes, index) => ({atMs: index * 500, freeBytes}));

  it.each<[string, FreeSample[], boolean]>([
    ['nothing seen', [], false],
    ['too little seen', samples(gib(8), gib(8), gib(8)), false],
    ['still for the whole window', samples(gib(8), gib(8), gib(8), gib(8), gib(8)), true],
    ['moved within the tolerance', samples(gib(8), gib(8) + mib(40), gib(8), gib(8), gib(8) - mib(20)), true],
    ['given back just now', samples(gib(8), gib(8), gib(8), gib(8), gib(9)), false],
    ['taken in the middle', samples(gib(8), gib(8), gib(7), gib(7), gib(7)), false],
    ['moved before the window', samples(gib(2), gib(8), gib(8), gib(8), gib(8), gib(8)), true],
    ['creeping', samples(0, mib(30), mib(60), mib(90), mib(120)), false],
  ])('%s', (_name, seen, quiet) => expect(isQuiet(seen, rule)).toBe(quiet));
});

describe('untilQuiet', () => {
  /** A device whose readings are given as data, and a clock that moves only when it is slept on. */
  function world(free: readonly number[]) {
    let now = 0;
    let reads = 0;
    const clock: Clock = {
      now: () => new Date(now),
      elapsed: () => ms(now),
      sleep: (span) => {
        now += span;
        return Promise.resolve();
      },
    };
    const read = (): Promise<Reading> => {
      const freeBytes = bytes(free[Math.min(reads++, free.length - 1)] ?? 0);
      const totalBytes = gib(24);
      const usedBytes = bytes(totalBytes - freeBytes);
      return Promise.resolve({
        at: new Date(now),
        ...{totalBytes, usedBytes, freeBytes, reservedBytes: bytes(0), processes: []},
      });
    };
    return {device: {read}, clock, reads: () => reads, now: () => now};
  }
  const never = new AbortController().signal;

  it('waits from the last change on', async () => {
    const {device, clock, now} = world([gib(8), gib(9), gib(12), gib(12)]);
    await untilQuiet({device, clock}, never, rule);
    expect(now()).toBe(1000 + 2000);
  });

  it('gives up on a device that is never quiet, with what it saw', async () => {
    const {device, clock} = world(Array.from({length: 100}, (_, index) => gib(1 + (index % 2))));
    await expect(untilQuiet({device, clock}, never, rule)).rejects.toMatchObject({
      code: 'deadline_passed',
      lastLines: expect.arrayContaining(['free: 2.0 GiB']) as string[],
    });
  });

  it('ends when the person interrupts', async () => {
    const {device, clock} = world([gib(8)]);
    await expect(untilQuiet({device, clock}, AbortSignal.abort(new Error('^C')), rule)).rejects.toThrow('^C');
  });
});

describe('shouldStartAgain', () => {
  const gateFailed = (knownCause?: string): BerthError =>
    new BerthError({code: 'gate_failed', what: () => 'x', details: {probe: 'ready', knownCause}});

  it('only when memory changed while the engine measured, and only so often', () => {
    expect([1, 2, 3].map((starts) => shouldStartAgain(gateFailed('memory_changed'), starts))).toEqual([
      true,
      true,
      false,
    ]);
    expect(shouldStartAgain(gateFailed('out_of_memory'), 1)).toBe(false);
    expect(shouldStartAgain(gateFailed(), 1)).toBe(false);
    expect(shouldStartAgain(new Error('memory_changed'), 1)).toBe(false);
  });
});
