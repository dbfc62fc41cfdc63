import {expect, test} from 'vitest';
import {afterExit, type PastExit} from '../../../src/hosts/runtimes/supervisor/programs/restart-policy.ts';

const ends = (...times: number[]): PastExit[] =>
  times.map((seconds) => ({atMs: seconds * 1000, ranMs: 100, healthy: false}));
const wasReady = (exits: PastExit[], ranMs = 100): PastExit[] =>
  exits.map((exit) => ({...exit, healthy: true, ranMs}));

test('the pause doubles from 0.2 s to 10 s', () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 8, 20].map((count) =>
    afterExit(wasReady(ends(...Array.from({length: count}, (_, index) => index)))),
  );
  expect(delays.map((verdict) => (verdict.verdict === 'again' ? verdict.delayMs : -1))).toEqual([
    200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000,
  ]);
});

test('a minute of running earns a fresh start', () => {
  const steady = wasReady(ends(70), 60_000);
  expect(afterExit([...wasReady(ends(1, 2, 3)), ...steady])).toEqual({verdict: 'again', delayMs: 200});
  expect(afterExit([...steady, ...wasReady(ends(71))])).toEqual({verdict: 'again', delayMs: 400});
});

test('three ends within ten seconds without ever being ready are a crash loop', () => {
  expect(afterExit(ends(1, 2))).toMatchObject({verdict: 'again'});
  expect(afterExit(ends(1, 2, 11))).toEqual({verdict: 'give-up'});
  expect(afterExit(ends(1, 2, 11.1))).toMatchObject({verdict: 'again'});
  expect(afterExit([...ends(1, 2), ...wasReady(ends(3)), ...ends(4, 5)])).toMatchObject({verdict: 'again'});
});

test('five slow failures in a row are one too', () => {
  expect(afterExit(ends(0, 60, 120, 180))).toMatchObject({verdict: 'again'});
  expect(afterExit(ends(0, 60, 120, 180, 240))).toEqual({verdict: 'give-up'});
});
