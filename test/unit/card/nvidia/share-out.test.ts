import {describe, expect, it} from 'vitest';
import {mib} from '../../../../src/base/units.ts';
import {shareOutCard} from '../../../../src/card/nvidia/share-out.ts';

const card = (total: number, used?: number, free?: number, reserved?: number) => ({
  totalBytes: mib(total),
  ...(used !== undefined && {usedBytes: mib(used)}),
  ...(free !== undefined && {freeBytes: mib(free)}),
  ...(reserved !== undefined && {reservedBytes: mib(reserved)}),
});
const shared = (...[of, held = []]: [ReturnType<typeof card>, (number | undefined)[]?]) =>
  shareOutCard(
    of,
    held.map((one) => (one === undefined ? undefined : mib(one))),
  );

describe('the memory of a card adds up', () => {
  it.each([
    ['as a real 4080 SUPER tells it, 2 MiB too many', card(16376, 596, 15348, 434), [596, 15346, 434]],
    ['as a real 2080 SUPER tells it, 1 MiB too many', card(8192, 211, 7582, 400), [211, 7581, 400]],
    ['with rounding the other way', card(20475, 3534, 16480, 460), [3534, 16480, 461]],
    ['by an older driver, which knows no reserved', card(24564, 1000, 23564), [1000, 23564, 0]],
    ['without used', card(24564, undefined, 20000, 564), [4000, 20000, 564]],
    ['without free', card(24564, 4000, undefined, 564), [4000, 20000, 564]],
    ['of an idle card, whose zero is a value', card(24564, 0, 24130, 434), [0, 24130, 434]],
    ['when more is used than there is', card(1000, 5000, 100, 50), [950, 0, 50]],
  ])('%s', (_, of, [used = 0, free = 0, reserved = 0]) => {
    const memory = shared(of);
    expect(memory).toMatchObject({
      usedBytes: mib(used),
      freeBytes: mib(free),
      reservedBytes: mib(reserved),
    });
    expect((memory?.usedBytes ?? 0) + (memory?.freeBytes ?? 0) + (memory?.reservedBytes ?? 0)).toBe(
      memory?.totalBytes,
    );
  });

  it('is not known when the driver tells neither used nor free, or no total', () => {
    expect(shared(card(24564))).toBeUndefined();
    expect(shareOutCard({usedBytes: mib(1)}, [])).toBeUndefined();
    expect(shared(card(0, 0, 0))).toBeUndefined();
  });
});

describe('the processes on it', () => {
  it('leave the rest to nobody', () => {
    const memory = shared(card(16376, 596, 15346, 434), [25, undefined, 200]);
    expect(memory?.processes).toEqual([mib(25), 0, mib(200)]);
    expect(memory?.usedBytes).toBe(mib(596));
  });

  it('raise what is used when they were read a moment later', () => {
    const memory = shared(card(1000, 100, 900), [300]);
    expect(memory).toMatchObject({usedBytes: mib(300), freeBytes: mib(700), processes: [mib(300)]});
  });

  it('never hold more than the card', () => {
    const memory = shared(card(1000, 100, 850, 50), [1500, 500]);
    const sum = memory?.processes.reduce((all, one) => all + one, 0) ?? 0;
    expect(memory?.usedBytes).toBe(mib(950));
    expect(sum).toBeLessThanOrEqual(mib(950));
    expect(sum).toBeGreaterThan(mib(949));
  });
});
