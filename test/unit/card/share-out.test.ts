import {describe, expect, it} from 'vitest';
import {withDescendants} from '../../../src/card/index.ts';
import {shareOut, type ProcessMemory} from '../../../src/card/cpu/share-out.ts';
import {bytes} from '../../../src/base/units.ts';

const memory = {totalBytes: 1000, availableBytes: 700, reservedBytes: 50, mappedFileBytes: 100};
const exact = (usedBytes: number, fileBytes = 0): ProcessMemory => ({usedBytes, fileBytes, exact: true});
const guess = (usedBytes: number, fileBytes = 0): ProcessMemory => ({usedBytes, fileBytes, exact: false});
const total = (out: ReturnType<typeof shareOut>): number => out.usedBytes + out.freeBytes + out.reservedBytes;

describe('shareOut', () => {
  it('counts mapped file pages as used: they are somebody’s weights', () => {
    const out = shareOut(memory, [exact(200, 80)]);
    expect(out).toEqual({
      totalBytes: 1000,
      usedBytes: 330,
      freeBytes: 620,
      reservedBytes: 50,
      processes: [200],
    });
  });

  it('counts shared file pages at most once', () => {
    expect(shareOut(memory, [guess(100, 90), guess(100, 90)]).freeBytes).toBe(600);
  });

  it('shrinks resident sizes to what is left, never exact shares', () => {
    const out = shareOut(memory, [exact(150), guess(300), guess(100)]);
    expect(out.usedBytes).toBe(250);
    expect(out.processes).toEqual([150, 75, 25]);
  });

  it('believes exact shares over an older total', () => {
    const out = shareOut(memory, [exact(400)]);
    expect(out.usedBytes).toBe(400);
    expect(total(out)).toBe(1000);
  });

  it('takes the limit of a control group for the total', () => {
    const limit = {path: '/box', limitBytes: 500, workingSetBytes: 120};
    expect(shareOut({...memory, limit}, [exact(100)])).toMatchObject({
      totalBytes: 500,
      usedBytes: 120,
      freeBytes: 380,
      reservedBytes: 0,
    });
    // A group cannot get more than the machine has.
    expect(shareOut({...memory, availableBytes: 200, limit}, []).freeBytes).toBe(200);
  });

  it.each([
    ['more available than there is', {...memory, availableBytes: 5000}, []],
    ['nothing available', {...memory, availableBytes: -20}, [exact(10)]],
    ['more used than there is', memory, [exact(5000), guess(77)]],
    ['fractions', {...memory, availableBytes: 333.3, reservedBytes: 10.6}, [exact(0.4)]],
  ])('adds up with %s', (_, seen, processes) => {
    const out = shareOut(seen, processes);
    expect(total(out)).toBe(out.totalBytes);
    for (const part of [out.usedBytes, out.freeBytes, out.reservedBytes])
      expect(part).toBeGreaterThanOrEqual(0);
  });
});

describe('withDescendants', () => {
  const one = (pid: number, parentPid: number) => ({
    pid,
    parentPid,
    name: 'x',
    command: 'x',
    usedBytes: bytes(1),
  });

  it('follows children of children, and ends on circles', () => {
    const processes = [one(1, 0), one(2, 1), one(3, 2), one(4, 1), one(8, 9), one(9, 8)];
    expect(withDescendants(processes, [2]).map((process) => process.pid)).toEqual([2, 3]);
    expect(withDescendants(processes, [7])).toEqual([]);
  });
});
