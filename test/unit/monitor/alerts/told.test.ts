import {describe, expect, it} from 'vitest';
import {alertTextsFor} from '../../../../src/base/texts/alerts.ts';
import {
  alertOf,
  catchUp,
  happeningOf,
  hear,
  standing,
  WATCH_EVENT_KINDS,
  type Telling,
  type Told,
  type WatchEvent,
  type WatchEventKind,
} from '../../../../src/monitor/index.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 2);

const event = (kind: WatchEventKind, more: Partial<WatchEvent> = {}): WatchEvent => ({
  ...{atMs: START, kind, text: kind, numbers: {}},
  ...more,
});
const broken = event('lease-broken', {tenant: 'lease:a'});
const kept = event('lease-kept', {tenant: 'lease:a'});

/** What people are told of events at these minutes, with a look each minute as the watch has one each second. */
function tellings(events: readonly (readonly [minute: number, event: WatchEvent])[], until = 0): string[] {
  let told: Told = {};
  const lines: string[] = [];
  const last = Math.max(until, ...events.map(([minute]) => minute));
  const take = (minute: number, hearing: {told: Told; tell: readonly Telling[]}): void => {
    told = hearing.told;
    for (const {id, state, repeats} of hearing.tell) {
      lines.push(`${minute} ${state} ${id}${repeats > 0 ? ` +${repeats}` : ''}`);
    }
  };
  for (let minute = 0; minute <= last; minute++) {
    const at = {nowMs: START + minute * 60_000, repeatMs: HOUR};
    for (const [when, what] of events) {
      const happening = happeningOf(what);
      if (when === minute && happening) take(minute, hear(told, happening, what, at));
    }
    take(minute, catchUp(told, at));
  }
  return lines;
}

describe('what people are told', () => {
  it('is the begin and the end of what is bad, once each', () => {
    expect(
      tellings(
        [
          [0, broken],
          [5, kept],
        ],
        200,
      ),
    ).toEqual(['0 bad lease:a', '5 good lease:a']);
  });

  it('is nothing of an end that they heard no begin of', () => {
    expect(
      tellings([
        [0, kept],
        [1, event('device-back')],
      ]),
    ).toEqual([]);
  });

  it('is not each coming and going within an hour', () => {
    const flapping = [0, 10, 20, 30].flatMap((minute) => [
      [minute, broken] as const,
      [minute + 5, kept] as const,
    ]);
    expect(tellings(flapping, 300)).toEqual(['0 bad lease:a', '5 good lease:a']);
  });

  it('is told after the hour when it is bad still, although they heard that it was good', () => {
    expect(
      tellings(
        [
          [0, broken],
          [5, kept],
          [10, broken],
        ],
        300,
      ),
    ).toEqual(['0 bad lease:a', '5 good lease:a', '60 bad lease:a']);
  });

  it('is its end too, when they were told late of its begin', () => {
    expect(
      tellings(
        [
          [0, broken],
          [5, kept],
          [10, broken],
          [90, kept],
        ],
        300,
      ),
    ).toEqual(['0 bad lease:a', '5 good lease:a', '60 bad lease:a', '90 good lease:a']);
  });

  it('is how often it happened, of what has no end', () => {
    const xid = event('xid', {numbers: {code: 79}});
    expect(
      tellings(
        [
          [0, xid],
          [1, xid],
          [2, xid],
          [3, xid],
          [100, xid],
        ],
        300,
      ),
    ).toEqual(['0 bad xid 79', '60 bad xid 79 +2', '120 bad xid 79']);
  });

  it('is told apart by who it is about, and one end ends all of a kind', () => {
    const slows = (tenant: string) => event('interference', {tenant});
    expect(
      tellings(
        [
          [0, slows('lease:a')],
          [0, slows('lease:b')],
          [3, event('interference-over')],
        ],
        200,
      ),
    ).toEqual(['0 bad interference lease:a', '0 bad interference lease:b', '3 good interference lease:a']);
  });

  it('is each stronger action of the guard, and that one could not be done', () => {
    const acts = (action: string, more: object = {}) =>
      event('guard-action', {tenant: 'lease:a', numbers: {action, ...more}});
    expect(
      tellings([
        [0, acts('lower')],
        [0, acts('lower', {failed: 'EPERM'})],
        [1, acts('pause')],
        [2, event('guard-undone', {tenant: 'lease:ab'})],
        [3, event('guard-undone', {tenant: 'lease:a'})],
      ]),
    ).toEqual([
      '0 bad guard lower lease:a',
      '0 bad guard failed lease:a',
      '1 bad guard pause lease:a',
      '3 good guard lower lease:a',
    ]);
  });

  it('does not wait for a clock that was set back', () => {
    const at = (nowMs: number) => ({nowMs, repeatMs: HOUR});
    const happening = happeningOf(broken);
    if (!happening) throw new Error('a broken lease is told');
    const first = hear({}, happening, broken, at(START));
    expect(hear(first.told, happening, broken, at(START - 86_400_000)).tell).toHaveLength(1);
  });
});

describe('what is remembered', () => {
  const many = (count: number, from: Told = {}): Told =>
    Array.from({length: count}).reduce<Told>((told, _, index) => {
      const one = event('lease-broken', {tenant: `lease:${index}`});
      const happening = happeningOf(one);
      return happening ? hear(told, happening, one, {nowMs: START + index, repeatMs: HOUR}).told : told;
    }, from);

  it('is bounded, and the newest', () => {
    const {told} = catchUp(many(2000), {nowMs: START + 2000, repeatMs: HOUR});
    expect(Object.keys(told)).toHaveLength(500);
    expect(told).toHaveProperty(['lease:1999']);
    expect(told).not.toHaveProperty(['lease:1499']);
  });

  it('is forgotten when nobody waits for more of it', () => {
    const at = {nowMs: START, repeatMs: HOUR};
    const xid = event('xid', {numbers: {code: 79}});
    const heard = [broken, xid].reduce<Told>((told, one) => {
      const happening = happeningOf(one);
      return happening ? hear(told, happening, one, at).told : told;
    }, {});
    expect(standing(heard)).toEqual(['lease:a']);
    // The end of a broken lease is awaited for long, but not for ever.
    expect(Object.keys(catchUp(heard, {...at, nowMs: START + HOUR}).told)).toEqual(['lease:a']);
    expect(Object.keys(catchUp(heard, {...at, nowMs: START + 31 * 24 * HOUR}).told)).toEqual([]);
  });

  it('is not made anew when nothing changes', () => {
    const told = many(3);
    expect(catchUp(told, {nowMs: START + 5, repeatMs: HOUR}).told).toBe(told);
  });
});

describe('the words', () => {
  const telling = (one: WatchEvent, repeats = 0): Telling => ({id: 'x', state: 'bad', event: one, repeats});
  const sender = {deployment: 'default', host: 'gpu1'};
  const titles = (language: 'en' | 'zh-CN', one: WatchEvent, repeats?: number): string =>
    alertOf(alertTextsFor(language), sender, telling(one, repeats)).title;

  it('name who it is about, and how often it happened', () => {
    expect(titles('en', broken)).toBe('Berth: a holds more than its lease');
    expect(titles('zh-CN', broken)).toBe('Berth：a 占用超出租约');
    expect(titles('en', event('xid', {numbers: {code: 79}}), 2)).toBe(
      'Berth: the card reports a fault (XID 79) (2 more since)',
    );
    const paused = event('guard-action', {tenant: 'host:ana train', numbers: {action: 'pause'}});
    expect(titles('en', paused)).toBe('Berth: the guard paused ana train');
    const slows = event('interference', {tenant: 'host:ana train', numbers: {name: 'train'}});
    expect(titles('en', slows)).toBe('Berth: train slows the model');
  });

  it('are there for everything that is told, in both languages and different', () => {
    const numbers = {code: 79, objective: 'ttft', action: 'lower'};
    const told = WATCH_EVENT_KINDS.filter((kind) => happeningOf(event(kind, {numbers})) !== undefined);
    expect(WATCH_EVENT_KINDS.filter((kind) => !told.includes(kind))).toEqual([
      'tenant-came',
      'tenant-left',
      'alert-sent',
      'alert-failed',
    ]);
    const all = (['en', 'zh-CN'] as const).flatMap((language) =>
      told.map((kind) => titles(language, event(kind, {numbers, tenant: 'lease:a'}))),
    );
    expect(new Set(all).size).toBe(told.length * 2);
  });

  it('are about what they are told for, and no longer than they must be', () => {
    const {topic, text} = alertOf(
      alertTextsFor('en'),
      sender,
      telling(event('xid', {numbers: {code: 79}, text: 'x'.repeat(9000)})),
    );
    expect(topic).toBe('device');
    expect(text).toHaveLength(1000);
  });

  it('leave out what hurts nobody', () => {
    for (const code of [13, 31, 43, 63, 92])
      expect(happeningOf(event('xid', {numbers: {code}}))).toBeUndefined();
    for (const code of [48, 62, 64, 74, 79, 94, 95, 119, 120]) {
      expect(happeningOf(event('xid', {numbers: {code}}))).toMatchObject({topic: 'device'});
    }
  });
});
