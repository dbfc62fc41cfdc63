import {describe, expect, it} from 'vitest';
import {Sketch} from '../../../src/base/sketch.ts';
import {burnIn, windowsOf} from '../../../src/monitor/objectives/burn.ts';
import {toldIn} from '../../../src/monitor/objectives/events.ts';
import {Judge, type Served} from '../../../src/monitor/objectives/judge.ts';
import {probeResult, servedByProbe, servedOf} from '../../../src/monitor/objectives/served.ts';
import {Tally} from '../../../src/monitor/objectives/tally.ts';

const NOW = Date.UTC(2026, 10, 2, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MONTH_MINUTES = 30 * 24 * 60;

/** So many a minute for so long, of which `share` are bad, up to and with the minute of NOW. */
function steady(perMinute: number, share: number, minutes: number): Tally {
  const tally = new Tally();
  for (let minute = 0; minute < minutes; minute++) {
    const bad = perMinute * share;
    tally.add(NOW - minute * MINUTE, {good: perMinute - bad, bad});
  }
  return tally;
}

const burnOf = (tally: Tally, budget: number) => burnIn(windowsOf(tally, NOW, budget));

describe('burn rates, by the examples of the Site Reliability Workbook (99.9 %)', () => {
  const BUDGET = 0.001;

  it('use up 2 % of the month in 1 h at 14.4, 5 % in 6 h at 6, and 10 % in 3 d at 1', () => {
    for (const [share, minutes, spent] of [
      [0.0144, 60, 0.02],
      [0.006, 360, 0.05],
      [0.001, 4320, 0.1],
    ] as const) {
      const window = windowsOf(steady(10_000, share, minutes), NOW, BUDGET).find(
        (one) => one.minutes === minutes,
      );
      expect(((window?.rate ?? 0) * minutes) / MONTH_MINUTES).toBeCloseTo(spent, 6);
    }
  });

  it.each([
    {share: 0.0144, lasting: 60, severity: 'page', factor: 14.4},
    {share: 0.0143, lasting: 60, severity: 'page', factor: 6},
    {share: 0.006, lasting: 6 * 60, severity: 'page', factor: 6},
    {share: 0.0059, lasting: 6 * 60, severity: 'ticket', factor: 1},
    {share: 0.001, lasting: 3 * 24 * 60, severity: 'ticket', factor: 1},
  ])(
    'of $share bad for $lasting min are a $severity of factor $factor',
    ({share, lasting, severity, factor}) => {
      expect(burnOf(steady(10_000, share, lasting), BUDGET)).toMatchObject({severity, factor});
    },
  );

  it('below the budget are none, however long', () => {
    expect(burnOf(steady(10_000, 0.00099, 3 * 24 * 60), BUDGET)).toBeUndefined();
  });

  it('need both windows: what is over does not burn', () => {
    const tally = steady(1000, 0, 60);
    // An outage of ten minutes that ended six minutes ago: the hour is spent, the last five minutes are not.
    for (let minute = 6; minute < 16; minute++) tally.add(NOW - minute * MINUTE, {good: 0, bad: 1000});
    const windows = windowsOf(tally, NOW, BUDGET);
    expect(windows.find(({minutes}) => minutes === 60)?.rate).toBeGreaterThan(14.4);
    expect(windows.find(({minutes}) => minutes === 5)?.rate).toBe(0);
    // Half an hour still holds it, and six hours are far over 6 times: that pair goes on longer, by design.
    expect(burnIn(windows)).toMatchObject({severity: 'page', factor: 6});
  });

  it('prove nothing from one or two bad ones, and something from three', () => {
    const tally = new Tally();
    tally.add(NOW, {good: 5, bad: 2});
    expect(burnOf(tally, BUDGET)).toBeUndefined();
    tally.add(NOW, {good: 0, bad: 1});
    expect(burnOf(tally, BUDGET)).toMatchObject({severity: 'page'});
  });
});

describe('a tally', () => {
  it('forgets what is older than three days, also where its place was not used again', () => {
    const tally = new Tally();
    tally.add(NOW - 4320 * MINUTE, {good: 7, bad: 7});
    expect(tally.sum(NOW, 4320)).toEqual({good: 0, bad: 0});
    tally.add(NOW - 4319 * MINUTE, {good: 1, bad: 2});
    expect(tally.sum(NOW, 4320)).toEqual({good: 1, bad: 2});
    tally.add(NOW + MINUTE, {good: 3, bad: 0});
    expect(tally.sum(NOW + MINUTE, 4320)).toEqual({good: 3, bad: 0});
  });
});

/** Requests of one second, each of which had its first token after so many milliseconds. */
function second(atMs: number, ttftMs: readonly number[], failed = 0): Served {
  const ttft = new Sketch();
  for (const ms of ttftMs) ttft.add(ms);
  return servedOf(atMs, {ok: ttftMs.length, serverError: failed, ttft, tpot: new Sketch()});
}

const SETTINGS = {ttft: 500, errors: 0.01, target: 0.99, probe: false} as const;

describe('the judge of objectives', () => {
  /** An hour of two requests a second that are fine, and the judge that saw them. */
  function wellFor(hours: number): Judge {
    const judge = new Judge(SETTINGS);
    for (let at = NOW - hours * HOUR; at < NOW; at += 1000) {
      judge.count(second(at, [100, 120]));
      expect(judge.look(at)).toEqual([]);
    }
    return judge;
  }

  it('tells an outage of ten minutes in its ninth, and when it no longer matters', () => {
    const judge = wellFor(7);
    const told: {minute: number; kind: string; severity: unknown}[] = [];
    const step = (at: number, failed: number): void => {
      judge.count(failed ? second(at, [], failed) : second(at, [100, 120]));
      for (const {kind, numbers} of judge.look(at)) {
        expect(numbers.objective).toBe('errors');
        told.push({minute: (at - NOW) / MINUTE, kind, severity: numbers.severity});
      }
    };
    for (let at = NOW; at < NOW + 8 * HOUR; at += 1000) step(at, at < NOW + 10 * MINUTE ? 2 : 0);
    // Of three days only seven hours are known: they are spent sooner than the hour.
    expect(told).toMatchObject([
      {kind: 'objective-burns', severity: 'ticket'},
      {kind: 'objective-burns', severity: 'page'},
      {kind: 'objective-burns', severity: 'ticket'},
      {kind: 'objective-fine'},
    ]);
    const [, page = 0, ticket = 0, over = 0] = told.map(({minute}) => minute);
    // 14.4 % of the hour's requests must have failed: 8.64 minutes of it.
    expect(page).toBeGreaterThan(8.6);
    expect(page).toBeLessThan(9);
    // Five minutes after its end the short window is empty, and five more must be calm.
    expect(ticket).toBeLessThan(21);
    // Its six hours and the calm.
    expect(over).toBeGreaterThan(360);
    expect(over).toBeLessThan(376);
  });

  it('does not tell again and again of a rate at its threshold', () => {
    const judge = new Judge({ttft: 500, target: 0.99, probe: false});
    const random = generator(7);
    let [told, changes] = [0, 0];
    let before: string | undefined;
    // 6 % are bad, one by one and by chance: the windows of 6 h and 30 min go over and under 6 times the budget.
    for (let at = NOW; at < NOW + 12 * HOUR; at += 1000) {
      judge.count(second(at, [random() < 0.06 ? 900 : 100]));
      told += judge.look(at).length;
      const now = burnIn(judge.states[0]?.windows ?? [])?.severity;
      if (now !== before) changes++;
      before = now;
    }
    expect(changes).toBeGreaterThan(30);
    expect(told).toBeLessThan(changes / 3);
  });

  it('goes on where an earlier run was, and tells nothing twice', () => {
    const first = new Judge(SETTINGS);
    const bad = second(NOW, [900, 900, 900]);
    first.count(bad);
    const [event] = first.look(NOW);
    expect(event).toMatchObject({
      kind: 'objective-burns',
      text: 'The objective ttft (500 ms) burns its budget 100.0 times as fast as it may: 3 of 3 first tokens missed it within 60 min.',
      numbers: {objective: 'ttft', limitMs: 500, severity: 'page', bad: 3, good: 0},
    });
    const next = new Judge(SETTINGS);
    next.count(bad);
    next.resume(event ? (toldIn(event) ?? fail()) : fail(), NOW + MINUTE);
    expect(next.look(NOW + MINUTE)).toEqual([]);
    expect(next.states.map(({objective, severity}) => [objective, severity])).toEqual([
      ['ttft', 'page'],
      ['errors', undefined],
    ]);
    expect(next.look(NOW + 6 * HOUR).map(({kind}) => kind)).toEqual(['objective-fine']);
    const other = new Judge({...SETTINGS, ttft: 600});
    other.resume({objective: 'ttft', limit: 500, severity: 'page'}, NOW);
    expect(other.states[0]?.severity).toBeUndefined();
  });
});

/** Numbers from 0 to 1, the same for a seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const fail = (): never => {
  throw new Error('no such event');
};

describe('what a probe met', () => {
  const counts = (probed: Parameters<typeof probeResult>[1]) => {
    const result = probeResult(NOW, probed);
    if (!result) return undefined;
    const served = servedByProbe(result);
    return [served.requests, served.within('ttft', 100), served.within('tpot', 20)];
  };

  it('is one request, with its first token and those after it', () => {
    expect(counts({outcome: 'ok', ttftMs: 99, tpotMs: 21, tokens: 4})).toEqual([
      {good: 1, bad: 0},
      {good: 1, bad: 0},
      {good: 0, bad: 3},
    ]);
  });

  it('is a failed request and a missed first token where it was not answered, and nothing where it was skipped', () => {
    expect(counts({outcome: 'failed', reason: 'no_engine'})).toEqual([
      {good: 0, bad: 1},
      {good: 0, bad: 1},
      {good: 0, bad: 0},
    ]);
    expect(counts({outcome: 'skipped'})).toBeUndefined();
  });
});
