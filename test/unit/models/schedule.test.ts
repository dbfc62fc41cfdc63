import {expect, test} from 'vitest';
import {isOutrun, MOST_LANES, nextToAsk, type Standing} from '../../../src/models/hubs/schedule.ts';

const standing = (over: Partial<Standing> = {}): Standing => ({
  live: true,
  lanes: 0,
  ranges: true,
  outrun: false,
  bytesPerSecond: undefined,
  ...over,
});

test('first everybody is asked once, to be measured', () => {
  const [a, b] = [standing({lanes: 1}), standing()];
  expect(nextToAsk([a, b])).toBe(b);
  expect(nextToAsk([standing({lanes: 1}), standing({lanes: 1})])).toBeUndefined();
});

test('then the fastest gets the work, until enough is under way', () => {
  const slow = standing({lanes: 1, bytesPerSecond: 10});
  const fast = standing({lanes: 1, bytesPerSecond: 20});
  expect(nextToAsk([slow, fast])).toBe(fast);
  expect(nextToAsk([slow, {...fast, lanes: MOST_LANES - 1}])).toBeUndefined();
});

test('one hub alone fills all lanes at once, unless it sends whole files only, or that is not known yet', () => {
  const only = standing({lanes: MOST_LANES - 1});
  expect(nextToAsk([only, standing({live: false})])).toBe(only);
  expect(nextToAsk([standing({lanes: 1, ranges: false})])).toBeUndefined();
  expect(nextToAsk([standing({lanes: 1, ranges: undefined})])).toBeUndefined();
});

test('who was outrun is asked again only when nobody else is left', () => {
  const outrun = standing({outrun: true, bytesPerSecond: 5});
  const fast = standing({lanes: 2, bytesPerSecond: 20});
  expect(nextToAsk([outrun, fast])).toBe(fast);
  expect(nextToAsk([outrun, {...fast, live: false, lanes: 0}])).toBe(outrun);
});

test('nobody is left when all have failed', () => {
  expect(nextToAsk([standing({live: false})])).toBeUndefined();
  const none: Standing[] = [];
  expect(nextToAsk(none)).toBeUndefined();
});

test('a request is outrun by a live hub that is more than four times as fast', () => {
  expect(isOutrun(10, [standing({bytesPerSecond: 41})])).toBe(true);
  expect(isOutrun(10, [standing({bytesPerSecond: 40})])).toBe(false);
  expect(isOutrun(0, [standing({bytesPerSecond: 1})])).toBe(true);
  expect(isOutrun(0, [standing({bytesPerSecond: 1, live: false})])).toBe(false);
  expect(isOutrun(0, [standing()])).toBe(false);
});
