import {describe, expect, it} from 'vitest';
import {gib, mib} from '../../../../src/base/units.ts';
import {adviseBudget} from '../../../../src/capacity/past/advice.ts';
import {headroomByDay} from '../../../../src/capacity/past/days.ts';
import {forecastOf} from '../../../../src/capacity/past/forecast.ts';
import {pastOf} from '../../../../src/capacity/past/past.ts';
import {kindOf, nameOf} from '../../../../src/capacity/past/presence.ts';
import {pastSchema, type Past} from '../../../../src/capacity/past/schema.ts';
import {slowdownsOf} from '../../../../src/capacity/past/slowdowns.ts';
import {CONTAINER, event, hour, model, MINUTE, row, START} from './world.ts';

describe('advice on the budget', () => {
  const use = {
    model: 'qwen3-4b',
    budgetBytes: gib(6),
    predictedPeakBytes: gib(2),
    maxBytes: gib(2.1),
    measuredMs: hour,
    requests: 100,
  };

  it('lowers a budget that is never used, with a reserve above the most that was', () => {
    // 2.1 GiB x 1.15 = 2.415 GiB, up to a whole MiB.
    expect(adviseBudget(use)).toEqual({
      kind: 'lower-budget',
      budgetBytes: mib(2473),
      freedBytes: gib(6) - mib(2473),
      command: 'berth deploy --model qwen3-4b --budget 2473MiB',
    });
  });

  it('names a plan where a deploy would refuse such a budget', () => {
    expect(adviseBudget({...use, predictedPeakBytes: gib(5)})).toMatchObject({
      command: 'berth plan qwen3-4b --budget 2473MiB',
    });
  });

  it('never goes below what was used, whatever the figures', () => {
    for (let used = mib(1); used <= gib(6); used = mib(used / mib(1) + 97)) {
      const advice = adviseBudget({...use, maxBytes: used});
      if (advice.kind === 'lower-budget') expect(advice.budgetBytes).toBeGreaterThan(used + mib(99));
      else expect(advice.kind).toBe('fits');
    }
  });

  it('raises one that was passed, and says nothing of what was hardly seen', () => {
    expect(adviseBudget({...use, maxBytes: gib(7)})).toMatchObject({
      kind: 'over-budget',
      overBytes: gib(1),
      command: `berth deploy --model qwen3-4b --budget ${Math.ceil(7 * 1.15 * 1024)}MiB`,
    });
    for (const little of [{measuredMs: 60_000}, {requests: 0}, {maxBytes: undefined}])
      expect(adviseBudget({...use, ...little}).kind).toBe('too-little-seen');
  });
});

it('counts the peak that a deploy measured, when nothing since came near it', () => {
  const rows = Array.from({length: 60}, (_, at) => row(START + at * MINUTE, {held: {model: mib(100)}}));
  const input = {
    sinceMs: START,
    untilMs: START + hour,
    stepMs: MINUTE,
    timeZone: 'UTC',
    rows,
    events: [],
    present: [],
    forecast: {tenants: []},
  };
  const advised = (measuredPeakBytes?: number, forecast: Past['forecast'] = input.forecast) =>
    pastOf({...input, forecast, model: {...model, ...(measuredPeakBytes && {measuredPeakBytes})}}).model
      ?.advice;
  expect(advised()).toMatchObject({budgetBytes: mib(200), command: 'berth plan nano --budget 200MiB'});
  expect(advised(mib(244))).toMatchObject({
    ...{budgetBytes: mib(344), freedBytes: mib(498 - 344)},
    command: 'berth deploy --model nano --budget 344MiB',
  });
  // On a day before this hour the release had used more.
  const seen = {key: 'model', kind: 'model' as const, name: 'nano', marginRatio: 0.06, days: 9};
  const earlier = {tenants: [{...seen, seenBytes: mib(300), bytes: mib(318)}]};
  expect(advised(mib(244), earlier)).toMatchObject({budgetBytes: mib(400)});
});

describe('the forecast of a report', () => {
  const day = (at: number): number => START - (START % 86_400_000) + at * 86_400_000;
  const peaks = [
    {dayMs: day(-3), peaks: {model: gib(9), 'host:me train': gib(2), unattributed: 0}},
    {dayMs: day(-2), peaks: {model: gib(8), 'host:me train': gib(3)}},
    {dayMs: day(-1), peaks: {model: gib(4)}},
    {dayMs: day(0), peaks: {model: gib(4)}},
  ];
  const present = ['model', 'host:me train', 'unattributed'].map((key) => ({key, name: nameOf(key)}));
  const input = {peaks, present, usableBytes: gib(15), model, releasedMs: day(-2) + hour};

  it('is of everyone who is there, and leaves out days of earlier releases of the model', () => {
    const {tenants, leftBytes = 0} = forecastOf(input);
    expect(tenants).toMatchObject([
      {key: 'model', kind: 'model', seenBytes: gib(4), days: 2},
      {key: 'host:me train', kind: 'outsider', name: 'train', seenBytes: gib(3), days: 2, marginRatio: 0.15},
    ]);
    expect(leftBytes).toBe(gib(15) - tenants.reduce((sum, {bytes}) => sum + bytes, 0));
  });

  it('counts the peak that its deploy measured as that of its first day', () => {
    const measured = {...model, measuredPeakBytes: gib(5)};
    const [found] = forecastOf({...input, model: measured}).tenants;
    expect(found).toMatchObject({key: 'model', seenBytes: gib(5), days: 3});
  });

  it('says nothing of what is left where the model, or the device, is not known yet', () => {
    expect(forecastOf({...input, releasedMs: day(0) + hour})).not.toHaveProperty('leftBytes');
    expect(forecastOf({...input, usableBytes: undefined})).not.toHaveProperty('leftBytes');
    expect(forecastOf({...input, present: []})).toEqual({tenants: []});
  });
});

it('finds the least headroom of each day, by the days of the time zone', () => {
  // 23:30 UTC is the next day in Shanghai.
  const late = Date.UTC(2026, 10, 24, 15, 30);
  const rows = [
    row(late, {free: gib(9)}),
    row(late + hour, {free: gib(3)}),
    row(late + hour + MINUTE, {free: gib(5)}),
  ];
  const told = (timeZone: string) =>
    headroomByDay(rows, {stepMs: MINUTE, timeZone}).map(({day, minFreeBytes, measuredMs}) => [
      day,
      minFreeBytes,
      measuredMs,
    ]);
  expect(told('UTC')).toEqual([['2026-11-24', gib(3), 3 * MINUTE]]);
  expect(told('Asia/Shanghai')).toEqual([
    ['2026-11-24', gib(9), MINUTE],
    ['2026-11-25', gib(3), 2 * MINUTE],
  ]);
  expect(headroomByDay([{atMs: late, tenants: {}}], {stepMs: MINUTE, timeZone: 'UTC'})).toEqual([]);
});

describe('who was there', () => {
  it('is told by the key where nothing else is known', () => {
    const keys = ['model', 'berth', 'rest', 'unattributed', 'lease:comfyui', 'host:me npm exec', CONTAINER];
    expect(keys.map((key) => [kindOf(key), nameOf(key)])).toEqual([
      ['model', 'model'],
      ['berth', 'berth'],
      ['rest', 'rest'],
      ['unattributed', 'unattributed'],
      ['lease', 'comfyui'],
      ['outsider', 'npm exec'],
      ['outsider', 'abababababab'],
    ]);
  });

  it('has its most, its times, and the name that it came with', () => {
    const past = pastOf({
      ...{sinceMs: START, untilMs: START + hour, stepMs: MINUTE, timeZone: 'UTC', model},
      rows: [
        row(START, {held: {model: mib(200), [CONTAINER]: mib(10)}}),
        row(START + MINUTE, {held: {model: mib(210)}}),
        row(START + 2 * MINUTE, {held: {model: mib(190), [CONTAINER]: mib(30)}}),
      ],
      events: [
        event(START, 'tenant-came', {
          tenant: CONTAINER,
          numbers: {name: 'comfyui', user: 'me', command: 'python'},
        }),
      ],
      present: [{key: 'model', name: 'nano'}],
      forecast: {tenants: []},
    });
    expect(pastSchema.parse(past)).toEqual(past);
    expect(past.tenants).toMatchObject([
      {kind: 'model', name: 'nano', maxBytes: mib(210), presentMs: 3 * MINUTE},
      {
        ...{kind: 'outsider', name: 'comfyui', user: 'me', command: 'python', maxBytes: mib(30)},
        ...{
          firstSeen: '2026-11-25T10:00:00.000Z',
          lastSeen: '2026-11-25T10:02:00.000Z',
          presentMs: 2 * MINUTE,
        },
      },
    ]);
    expect(past.model).toMatchObject({maxBytes: mib(210), maxAt: '2026-11-25T10:01:00.000Z'});
    expect(past.measuredMs).toBe(3 * MINUTE);
    expect(past.requests.ok).toBe(3);
  });
});

it('pairs each slowdown with its end, and leaves one that goes on open', () => {
  const slowdowns = slowdownsOf([
    event(START + 3 * MINUTE, 'interference', {tenant: 'host:me train'}),
    event(START + 2 * MINUTE, 'interference-over', {tenant: 'lease:comfyui'}),
    event(START, 'interference', {tenant: 'lease:comfyui', numbers: {tpotMs: 12}}),
    event(START + MINUTE, 'interference', {tenant: 'lease:comfyui'}),
  ]);
  expect(slowdowns).toMatchObject([
    {
      name: 'comfyui',
      from: '2026-11-25T10:00:00.000Z',
      until: '2026-11-25T10:02:00.000Z',
      numbers: {tpotMs: 12},
    },
    {name: 'train', from: '2026-11-25T10:03:00.000Z'},
  ]);
  expect(slowdowns[1]?.until).toBeUndefined();
});
