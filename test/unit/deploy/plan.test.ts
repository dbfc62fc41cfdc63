import {describe, expect, it} from 'vitest';
import {BerthError} from '../../../src/base/errors.ts';
import {bytes, gib, mib} from '../../../src/base/units.ts';
import {chooseLadder, makePlan, type PlanInput} from '../../../src/deploy/plan.ts';

/** 2 GiB of weights and 128 KiB a token: round figures that can be checked by hand. */
const input = (over: Partial<PlanInput> = {}): PlanInput => ({
  model: {id: 'some-model', maxContextTokens: 32_768},
  asked: {},
  batchTokens: 512,
  estimate: ({contextTokens, sequences}) => {
    const cache = bytes(contextTokens * sequences * 128 * 1024);
    return {
      terms: [
        {name: 'weights', totalBytes: gib(2), source: 'test'},
        {name: 'kv-cache', totalBytes: cache, source: 'test'},
      ],
      totalBytes: bytes(gib(2) + cache),
    };
  },
  reading: {totalBytes: gib(16), usedBytes: gib(4), freeBytes: gib(12), reservedBytes: gib(0)},
  presentBytes: gib(0),
  programsBytes: bytes(0),
  leasesBytes: bytes(0),
  update: 'auto',
  ...over,
});

const free = (size: number) => ({
  totalBytes: gib(16),
  usedBytes: gib(4),
  freeBytes: gib(size),
  reservedBytes: gib(0),
});

function refusal(work: () => unknown): BerthError {
  try {
    work();
  } catch (error) {
    if (error instanceof BerthError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('makePlan', () => {
  it('takes the largest of its preferences that fits', () => {
    expect(makePlan(input()).settings).toMatchObject({contextTokens: 8192, sequences: 4});
    expect(makePlan(input({reading: free(5)})).settings).toMatchObject({contextTokens: 8192, sequences: 2});
    expect(makePlan(input({reading: free(3)})).settings).toMatchObject({contextTokens: 4096, sequences: 1});
  });

  it('never goes beyond what the model was trained for', () => {
    const plan = makePlan(input({model: {id: 'short', maxContextTokens: 1024}}));
    expect(plan.settings.contextTokens).toBe(1024);
  });

  it('keeps to what was asked, and varies the rest', () => {
    const plan = makePlan(input({asked: {contextTokens: 16_384}, reading: free(7)}));
    expect(plan.settings).toMatchObject({contextTokens: 16_384, sequences: 2});
  });

  it('counts what the present release gives back', () => {
    const plan = makePlan(input({reading: free(2), presentBytes: gib(5)}));
    expect(plan.settings).toMatchObject({contextTokens: 8192, sequences: 4});
    expect(plan.ladder).toBe('swap');
  });

  it('gives a budget above the prediction, or the one asked for', () => {
    const plan = makePlan(input());
    expect(plan.estimate.totalBytes).toBe(gib(6));
    expect(plan.budgetBytes).toBe(bytes(gib(6.6)));
    expect(makePlan(input({asked: {budgetBytes: gib(7)}})).budgetBytes).toBe(gib(7));
  });

  it('refuses with the sum when the memory is short', () => {
    const error = refusal(() =>
      makePlan(input({asked: {contextTokens: 8192, sequences: 4}, reading: free(5)})),
    );
    expect(error.code).toBe('does_not_fit');
    expect(error.exit).toBe(5);
    expect(error.details).toMatchObject({
      neededBytes: gib(6),
      availableBytes: gib(5) - mib(256),
      missingBytes: gib(1) + mib(256),
    });
    expect(error.message).toContain('1.3 GiB are missing');
    expect(error.try).toContain('berth deploy --concurrency 1');
  });

  it("finds room for Berth's own programs beside the model, outside of its budget", () => {
    const tight = {reading: free(6.25), asked: {contextTokens: 8192, sequences: 4}};
    expect(makePlan(input(tight)).budgetBytes).toBe(gib(6.25));
    const error = refusal(() => makePlan(input({...tight, programsBytes: mib(200)})));
    expect(error.details).toMatchObject({missingBytes: mib(200), programsBytes: mib(200)});
    const beside = {...tight, presentBytes: gib(6)};
    expect(makePlan(input(beside)).ladder).toBe('side-by-side');
    expect(makePlan(input({...beside, programsBytes: mib(200)})).ladder).toBe('swap');
  });

  it('takes nothing that leases were promised and do not use yet', () => {
    const tight = {reading: free(6.25), asked: {contextTokens: 8192, sequences: 4}};
    const error = refusal(() => makePlan(input({...tight, leasesBytes: gib(1)})));
    expect(error.details).toMatchObject({missingBytes: gib(1), leasesBytes: gib(1)});
    expect(makePlan(input({reading: free(6.25), leasesBytes: gib(1)})).settings).toMatchObject({
      sequences: 2,
    });
    const beside = {...tight, presentBytes: gib(6)};
    expect(makePlan(input({...beside, leasesBytes: mib(200)})).ladder).toBe('swap');
  });

  it('refuses with the smallest settings when everything is open', () => {
    const error = refusal(() => makePlan(input({reading: free(2)})));
    expect(error.details).toMatchObject({neededBytes: gib(2.25)});
  });

  it('refuses a budget that is too small, and says that it is the budget', () => {
    const error = refusal(() => makePlan(input({asked: {budgetBytes: gib(1)}})));
    expect(error.message).toContain('its budget is 1.0 GiB');
  });

  it('refuses a context beyond the model', () => {
    const error = refusal(() => makePlan(input({asked: {contextTokens: 40_000}})));
    expect(error).toMatchObject({code: 'context_too_long', exit: 2});
  });
});

describe('chooseLadder', () => {
  it.each([
    [0, 6, 12, 'fresh'],
    [5, 6, 12, 'side-by-side'],
    [5, 6, 6, 'swap'],
  ])('present %d, needed %d and free %d GiB: %s', (present, needed, available, ladder) => {
    expect(chooseLadder(gib(present), gib(needed), gib(available), 'auto')).toBe(ladder);
  });

  it('can be told never to have two copies', () => {
    expect(chooseLadder(gib(5), gib(6), gib(12), 'swap')).toBe('swap');
  });
});
